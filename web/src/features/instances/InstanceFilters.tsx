// What a list of instances is narrowed to; all of it is in the address.
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { ListFilter, X } from 'lucide-react';
import { namespacesQuery } from '../../api/namespaces';
import type { InstanceSummaryView } from '../../api/schema';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { Select } from '../../ui/Field';
import { FilterField } from '../../ui/FilterBar';
import styles from './InstanceFilters.module.css';
import { states } from './standing';

export function InstanceFilters({
  env,
  isFiltered,
  summary,
}: {
  env: string;
  isFiltered: boolean;
  summary: InstanceSummaryView | null | undefined;
}) {
  const t = useT();
  const words = t.instances;
  const navigate = useNavigate();
  const { namespace, service, state, revision, cursor } = useSearch({ strict: false });
  const { data: namespaces } = useQuery(namespacesQuery(env));
  const set = (part: Record<string, string | undefined>) =>
    void navigate({
      to: '/e/$env/instances',
      params: { env },
      search: { namespace, service, state, revision, ...part },
      replace: true,
    });

  const label = (one: (typeof states)[number]) => {
    if (one === 'drifted') return words.driftedShort;
    if (one === 'broken' || one === 'unhealthy' || one === 'missing') return words[one];
    return one in words.presences
      ? words.presences[one as keyof typeof words.presences]
      : words.conditions[one as keyof typeof words.conditions];
  };
  const names = namespaces?.namespaces.map((one) => one.name) ?? [];
  return (
    <search className={styles.filters} aria-label={words.filters}>
      <Select
        label={t.common.namespace}
        value={namespace ?? ''}
        onChange={(event) => set({ namespace: event.target.value || undefined, revision: undefined })}
      >
        <option value="">{words.anyNamespace}</option>
        {namespace && !names.includes(namespace) && <option>{namespace}</option>}
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
      <FilterField
        label={words.service}
        value={service ?? ''}
        onChange={(text) => set({ service: text || undefined })}
      />
      <Select
        label={words.state}
        value={state ?? ''}
        onChange={(event) => set({ state: event.target.value || undefined })}
      >
        <option value="">{words.anyState}</option>
        {states.map((one) => (
          <option key={one} value={one}>
            {label(one)}
          </option>
        ))}
      </Select>
      <FilterField
        label={words.after}
        value={cursor ?? ''}
        onChange={(text) => set({ cursor: text || undefined })}
      />
      <div className={styles.links}>
        <Link
          to="/e/$env/instances"
          params={{ env }}
          search={{ namespace, service, revision, state: state === 'drifted' ? undefined : 'drifted' }}
          className={styles.drift}
          aria-current={state === 'drifted' ? 'true' : undefined}
        >
          <ListFilter aria-hidden />
          {words.drifted}
          {summary && <Badge tone={summary.drifted > 0 ? 'warn' : 'good'}>{summary.drifted}</Badge>}
        </Link>
        {isFiltered && (
          <Link to="/e/$env/instances" params={{ env }} className={styles.clear}>
            <X aria-hidden />
            {words.clear}
          </Link>
        )}
      </div>
    </search>
  );
}
