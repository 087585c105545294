// How an instance stands, each fact as a word.
import type { InstanceView } from '../../api/schema';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import styles from './StandingBadges.module.css';
import { conditionTones } from './standing';

export function StandingBadges({ instance }: { instance: InstanceView }) {
  const t = useT().instances;
  const { condition, behind, rejected, unhealthy, missing, duplicate_id: twice } = instance;
  return (
    <span className={styles.badges}>
      <Badge tone={conditionTones[condition]}>
        {condition === 'behind' ? t.behind(behind) : t.conditions[condition]}
      </Badge>
      {rejected?.broken && (
        <span title={t.brokenTitle}>
          <Badge tone="bad">{t.broken}</Badge>
        </span>
      )}
      {unhealthy && (
        <span title={t.unhealthyTitle}>
          <Badge tone="bad">{t.unhealthy}</Badge>
        </span>
      )}
      {missing && missing.length > 0 && <Badge tone="warn">{t.missing}</Badge>}
      {twice && (
        <span title={t.duplicateTitle}>
          <Badge tone="warn">{t.duplicate}</Badge>
        </span>
      )}
    </span>
  );
}
