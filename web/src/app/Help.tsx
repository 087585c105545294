// Every key, and the switch for single letters.
import { Fragment, useState } from 'react';
import { useT } from '../i18n';
import { Dialog } from '../ui/Dialog';
import { Checkbox } from '../ui/Field';
import styles from './Help.module.css';
import { letLettersWork, lettersWork, shortcuts } from './shortcuts';

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
const groups = [...new Set(shortcuts.map((one) => one.group))];

export default function Help({ onClose }: { onClose: () => void }) {
  const t = useT().help;
  const [work, setWork] = useState(lettersWork);
  return (
    <Dialog title={t.title} onClose={onClose}>
      <div>
        <Checkbox
          label={t.letters}
          checked={work}
          onChange={(event) => {
            letLettersWork(event.target.checked);
            setWork(event.target.checked);
          }}
        />
        <p className={styles.hint}>{t.lettersHint}</p>
      </div>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t.key}</th>
            <th scope="col">{t.does}</th>
          </tr>
        </thead>
        {groups.map((group) => (
          <tbody key={group}>
            <tr>
              <th scope="rowgroup" colSpan={2} className={styles.group}>
                {t.groups[group]}
              </th>
            </tr>
            {shortcuts
              .filter((one) => one.group === group)
              .map(({ keys, does }) => (
                <tr key={does}>
                  <td className={styles.keys}>
                    {keys.map((chord, nth) => (
                      <Fragment key={chord.join()}>
                        {nth > 0 && ` ${t.between} `}
                        {chord.map((key) => (
                          <kbd key={key}>{key === 'mod' ? (isMac ? '⌘' : 'Ctrl') : key}</kbd>
                        ))}
                      </Fragment>
                    ))}
                  </td>
                  <td>{t.keys[does]}</td>
                </tr>
              ))}
          </tbody>
        ))}
      </table>
    </Dialog>
  );
}
