// What the audit is narrowed to; all of it is in the address.
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { X } from 'lucide-react';
import { type FormEvent, useRef } from 'react';
import { environmentsQuery } from '../../api/environments';
import { useLanguage, useT } from '../../i18n';
import { instantOf, localOf } from '../../lib/time';
import { Button } from '../../ui/Button';
import { Select, TextField } from '../../ui/Field';
import styles from './AuditFilters.module.css';

const NAMES = ['actor', 'action', 'env', 'namespace', 'target', 'since', 'until'] as const;

export function AuditFilters({ isFiltered }: { isFiltered: boolean }) {
  const t = useT();
  const words = t.audit;
  const { language } = useLanguage();
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const { data: environments } = useQuery(environmentsQuery);
  const form = useRef<HTMLFormElement>(null);
  const apply = () => {
    if (!form.current) return;
    const data = new FormData(form.current);
    const said = Object.fromEntries(
      NAMES.map((name) => [name, String(data.get(name) ?? '').trim() || undefined]),
    );
    for (const name of ['since', 'until']) said[name] = instantOf(said[name]);
    // A namespace is one of an environment.
    if (!said.env) said.namespace = undefined;
    void navigate({ to: '/audit', search: said });
  };
  const actions = Object.entries(words.actions).sort(([, a], [, b]) => a.localeCompare(b, language));
  return (
    <search aria-label={words.filters}>
      <form
        // A link may change the filter under the fields, which keep what was typed.
        key={JSON.stringify(NAMES.map((name) => search[name]))}
        ref={form}
        className={styles.filters}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          apply();
        }}
      >
        <TextField label={words.actor} name="actor" autoComplete="off" defaultValue={search.actor} />
        <Select label={words.action} name="action" defaultValue={search.action ?? ''} onChange={apply}>
          <option value="">{words.anyAction}</option>
          {actions.map(([name, word]) => (
            <option key={name} value={name}>
              {t.common.noted(word, name)}
            </option>
          ))}
        </Select>
        <Select label={t.common.environment} name="env" defaultValue={search.env ?? ''} onChange={apply}>
          <option value="">{words.anyEnvironment}</option>
          {environments?.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
        {search.env !== undefined && (
          <TextField
            label={t.common.namespace}
            name="namespace"
            autoComplete="off"
            defaultValue={search.namespace}
          />
        )}
        <TextField
          label={words.target}
          placeholder={words.targetHelp}
          name="target"
          autoComplete="off"
          defaultValue={search.target}
        />
        <TextField
          label={words.since}
          name="since"
          type="datetime-local"
          defaultValue={localOf(search.since)}
        />
        <TextField
          label={words.until}
          name="until"
          type="datetime-local"
          defaultValue={localOf(search.until)}
        />
        <div className={styles.buttons}>
          <Button type="submit">{t.common.filter}</Button>
          {isFiltered && (
            <Link to="/audit" className={styles.clear}>
              <X aria-hidden />
              {words.clear}
            </Link>
          )}
        </div>
      </form>
    </search>
  );
}
