// What is searched for, and where.
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { environmentsQuery } from '../../api/environments';
import { namespacesQuery } from '../../api/namespaces';
import { useT } from '../../i18n';
import { useTyped } from '../../lib/useTyped';
import { Select, TextField } from '../../ui/Field';
import styles from './SearchForm.module.css';

/** How long nobody types before it is searched. */
const PAUSE_MS = 200;

export function SearchForm({ problem }: { problem: string | null }) {
  const t = useT();
  const words = t.search;
  const navigate = useNavigate();
  const { q = '', env, namespace, in: where } = useSearch({ strict: false });
  const { data: environments } = useQuery(environmentsQuery);
  const { data: namespaces } = useQuery(namespacesQuery(env ?? ''));
  const set = (part: Record<string, string | undefined>) =>
    void navigate({ to: '/search', search: { q, env, namespace, in: where, ...part }, replace: true });
  const [typed, setTyped] = useTyped(q, PAUSE_MS, (text) => set({ q: text || undefined }));
  const names = namespaces?.namespaces.map((one) => one.name) ?? [];
  return (
    <search className={styles.form}>
      <div className={styles.text}>
        <TextField
          autoFocus
          label={words.query}
          type="search"
          autoComplete="off"
          spellCheck={false}
          placeholder={words.placeholder}
          problem={problem}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      <Select
        label={t.common.environment}
        value={env ?? ''}
        onChange={(event) => set({ env: event.target.value || undefined, namespace: undefined })}
      >
        <option value="">{words.anyEnvironment}</option>
        {environments?.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
      {env !== undefined && (
        <Select
          label={t.common.namespace}
          value={namespace ?? ''}
          onChange={(event) => set({ namespace: event.target.value || undefined })}
        >
          <option value="">{words.anyNamespace}</option>
          {namespace && !names.includes(namespace) && <option>{namespace}</option>}
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      )}
      <Select
        label={words.where}
        value={where ?? 'all'}
        onChange={(event) => set({ in: event.target.value === 'all' ? undefined : event.target.value })}
      >
        {(['all', 'keys', 'contents'] as const).map((one) => (
          <option key={one} value={one}>
            {words.places[one]}
          </option>
        ))}
      </Select>
    </search>
  );
}
