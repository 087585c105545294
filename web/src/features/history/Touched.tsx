// What a revision changed, as a few names and how many more.
import type { ItemView, RevisionView } from '../../api/schema';
import { useT } from '../../i18n';
import styles from './Touched.module.css';

const MOST = 4;

/** What an item is called where the namespace is known, or is not. */
function itemName(item: ItemView, namespace: string | undefined): string {
  if (item.namespace == null) return item.env;
  if (item.key == null) return item.namespace;
  return item.namespace === namespace ? item.key : `${item.namespace}/${item.key}`;
}

export function Touched({ revision, namespace }: { revision: RevisionView; namespace: string | undefined }) {
  const t = useT();
  const shown = revision.changes.slice(0, MOST);
  const rest = revision.changed - shown.length;
  return (
    <span className={styles.items}>
      {shown.map((item) => (
        <code key={`${item.env}/${item.namespace}/${item.key}`} className={styles.item} data-op={item.op}>
          {itemName(item, namespace)}
        </code>
      ))}
      {rest > 0 && <span className={styles.more}>{t.history.moreChanges(rest)}</span>}
    </span>
  );
}
