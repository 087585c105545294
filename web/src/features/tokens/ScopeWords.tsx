// What a token may do, in words.
import type { ScopeItem } from '../../api/schema';
import { PlaceWords } from '../../app/PlaceWords';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import styles from './TokensPage.module.css';

export function ScopeWords({ scope }: { scope: ScopeItem[] | null | undefined }) {
  const t = useT();
  if (scope == null) return t.tokens.whole;
  if (scope.length === 0) return <Badge tone="warn">{t.tokens.nothing}</Badge>;
  return (
    <ul className={styles.scope}>
      {scope.map(({ role, actions, ...part }) => (
        <li key={JSON.stringify([role, actions, part])} className={styles.item}>
          <Badge>{role ? t.roles[role] : actions?.map((action) => t.actions[action]).join(' · ')}</Badge>
          <PlaceWords {...part} />
        </li>
      ))}
    </ul>
  );
}
