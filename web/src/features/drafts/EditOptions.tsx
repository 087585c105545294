// What belongs to an entry besides its text: its format while it is new, what of it is secret, and its end.
import { Trash2 } from 'lucide-react';
import type { EntryView, Format } from '../../api/schema';
import { useT } from '../../i18n';
import { textFormats } from '../../lib/formats';
import { Button } from '../../ui/Button';
import { Select } from '../../ui/Field';
import styles from './EditOptions.module.css';
import { SecretMarks } from './SecretMarks';
import type { Editing } from './useEditing';

export function EditOptions({
  editing,
  live,
  busy,
  onDelete,
}: {
  editing: Editing;
  live: EntryView | null;
  busy: boolean;
  onDelete: () => void;
}) {
  const t = useT();
  const words = t.drafts.edit;
  return (
    <div className={styles.options}>
      {live === null && (
        <Select
          label={words.format}
          value={editing.shown.format}
          onChange={(event) => editing.choose({ format: event.target.value as Format })}
        >
          {textFormats.map((format) => (
            <option key={format} value={format}>
              {format}
            </option>
          ))}
        </Select>
      )}
      <details className={styles.more} open={editing.shown.marks.kind !== 'as-is' || undefined}>
        <summary>{words.more}</summary>
        <div className={styles.inner}>
          <SecretMarks
            marks={editing.shown.marks}
            present={live?.marks}
            onChoose={(marks) => editing.choose({ marks })}
          />
          {live && (
            <div className={styles.end}>
              <Button kind="danger" icon={<Trash2 aria-hidden />} busy={busy} onClick={onDelete}>
                {words.delete}
              </Button>
              <p>{words.deleteAsk}</p>
            </div>
          )}
        </div>
      </details>
    </div>
  );
}
