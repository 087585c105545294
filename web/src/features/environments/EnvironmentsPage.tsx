// Environments: how much each matters, what protects it, and whether it is frozen.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { environmentsQuery } from '../../api/environments';
import type { EnvironmentView } from '../../api/schema';
import { Loaded } from '../../app/Loaded';
import { useDenied } from '../../app/session';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { Button } from '../../ui/Button';
import { DataTable } from '../../ui/DataTable';
import { EnvTag } from '../../ui/EnvTag';
import { Page } from '../../ui/Page';
import { EmptyState } from '../../ui/States';
import { EnvironmentActions } from './EnvironmentActions';
import { EnvironmentDialog } from './EnvironmentDialog';
import styles from './EnvironmentsPage.module.css';

export default function EnvironmentsPage() {
  const t = useT();
  const environments = useQuery(environmentsQuery);
  const denied = useDenied('manage');
  const [making, setMaking] = useState(false);
  const add = (
    <Button kind="primary" icon={<Plus aria-hidden />} denied={denied} onClick={() => setMaking(true)}>
      {t.environments.add}
    </Button>
  );
  return (
    <Page title={t.environments.title} tab={[t.environments.title]} lead={t.environments.lead} actions={add}>
      <Loaded query={environments}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState title={t.environments.none} actions={add}>
              {denied ? t.environments.noneVisible : t.environments.noneHint}
            </EmptyState>
          ) : (
            <>
              <p>{t.environments.count(list.length)}</p>
              <Table environments={list} />
            </>
          )
        }
      </Loaded>
      {making && <EnvironmentDialog environment={null} onClose={() => setMaking(false)} />}
    </Page>
  );
}

function Table({ environments }: { environments: EnvironmentView[] }) {
  const t = useT();
  return (
    <DataTable
      label={t.environments.title}
      rows={environments}
      rowKey={(one) => one.name}
      columns={[
        {
          head: t.common.name,
          cell: (one) => (
            <Link to="/e/$env" params={{ env: one.name }}>
              <EnvTag name={one.name} tier={one.tier} />
            </Link>
          ),
        },
        { head: t.environments.tier, cell: (one) => <TierWords environment={one} /> },
        { head: t.common.description, cell: (one) => one.description },
        {
          head: t.environments.rules,
          cell: (one) => (one.protected ? t.environments.ruleProtected : t.environments.ruleNone),
        },
        { head: t.environments.state, cell: (one) => <State environment={one} /> },
        {
          head: t.common.actions,
          bare: true,
          cell: (one) => <EnvironmentActions environment={one} />,
        },
      ]}
    />
  );
}

function State({ environment: { frozen } }: { environment: EnvironmentView }) {
  const t = useT();
  if (!frozen) return <Badge tone="good">{t.environments.open}</Badge>;
  return (
    <span className={styles.badges}>
      <Badge tone="warn">{t.environments.frozen}</Badge>
      {t.environments.frozenBy(frozen.by, frozen.reason)}
    </span>
  );
}

function TierWords({ environment: { tier, colour } }: { environment: EnvironmentView }) {
  const t = useT();
  return (
    <span className={styles.tier}>
      {t.tiers[tier ?? 'none']}
      {colour && (
        <span
          role="img"
          aria-label={`${t.environments.colour} ${colour}`}
          title={colour}
          className={styles.swatch}
          style={{ background: colour }}
        />
      )}
    </span>
  );
}
