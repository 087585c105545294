// What is done with the chosen revisions. It stays in sight while one looks for the second one.
import { FileDiff } from 'lucide-react';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { ButtonLink } from '../../ui/ButtonLink';
import styles from './CompareBar.module.css';

interface CompareBarProps {
  env: string;
  namespace: string | undefined;
  entry: string | undefined;
  chosen: number[];
  onClear: () => void;
}

export function CompareBar({ env, namespace, entry, chosen, onClear }: CompareBarProps) {
  const t = useT();
  const [first, second] = chosen.toSorted((a, b) => a - b);
  if (first === undefined) return <p className={styles.hint}>{t.history.compareHint}</p>;
  const name = t.common.revisionNumber;
  return (
    <div className={styles.bar} role="status">
      {second === undefined ? (
        <span>{t.history.compareOne(name(first))}</span>
      ) : (
        <ButtonLink
          kind="primary"
          icon={<FileDiff aria-hidden />}
          to="/compare"
          search={{ env, namespace, key: entry, from: String(first), to: String(second) }}
        >
          {t.history.compare(name(first), name(second))}
        </ButtonLink>
      )}
      <Button kind="quiet" onClick={onClear}>
        {t.history.unchoose}
      </Button>
    </div>
  );
}
