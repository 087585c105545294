// Who is logged in, how, and in which groups.
import type { ReactNode } from 'react';
import type { CallerView } from '../../api/schema';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { Facts } from '../../ui/Facts';
import { Section } from '../../ui/Section';
import { Time } from '../../ui/Time';
import styles from './You.module.css';

export function You({ caller }: { caller: CallerView }) {
  const t = useT();
  const way = t.account.ways[caller.authenticated_by];
  return (
    <Section title={t.account.you} panel>
      <Facts
        facts={[
          [t.account.name, <strong key="name">{caller.user}</strong>],
          [t.account.kind, t.access.userKinds[caller.kind]],
          [t.account.how, caller.issuer ? `${way}${t.common.colon}${caller.issuer}` : way],
          ...(caller.expires_at
            ? ([[t.account.until, <Time key="until" at={caller.expires_at} exact />]] as [
                string,
                ReactNode,
              ][])
            : []),
          [
            t.account.groups,
            caller.groups.length === 0 ? (
              t.common.none
            ) : (
              <span key="groups" className={styles.groups}>
                {caller.groups.map(({ group, source }) => (
                  <Badge key={`${group} ${source}`}>
                    {source === 'local' ? group : `${group} · ${t.account.by(source)}`}
                  </Badge>
                ))}
              </span>
            ),
          ],
        ]}
      />
    </Section>
  );
}
