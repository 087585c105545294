// Which grants are shown, and in which order. Everything stands in the address.
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { roleNames } from '../../api/grants';
import { useT } from '../../i18n';
import { isPattern } from '../../lib/names';
import { Select } from '../../ui/Field';
import { FilterField } from '../../ui/FilterBar';
import styles from './GrantFilters.module.css';
import { parseSubject } from './subjects';

const EXACT = { exact: true, includeSearch: true };

export function GrantFilters() {
  const t = useT();
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = (name: string, value: string) =>
    void navigate({ to: '/access', search: { ...search, [name]: value || undefined }, replace: true });
  const bad = (text: string | undefined) => (text && !isPattern(text) ? t.access.place.bad : null);
  const kind = search.subject === undefined ? 'user' : parseSubject(search.subject).kind;
  const name = search.subject === undefined ? '' : parseSubject(search.subject).name;
  const [chosen, setChosen] = useState(kind);
  const shownKind = name === '' ? chosen : kind;
  return (
    <search className={styles.filters}>
      <div className={styles.subject}>
        <Select
          bare
          label={t.access.grants.kind}
          value={shownKind}
          onChange={(event) => {
            setChosen(event.target.value as typeof kind);
            if (name) set('subject', `${event.target.value}:${name}`);
          }}
        >
          {(['user', 'group', 'token'] as const).map((one) => (
            <option key={one} value={one}>
              {t.access.kinds[one]}
            </option>
          ))}
        </Select>
        <FilterField
          bare
          label={t.access.grants.filterSubject}
          placeholder={t.access.grants.filterSubject}
          value={name}
          onChange={(text) => set('subject', text && `${shownKind}:${text}`)}
        />
      </div>
      <FilterField
        bare
        label={t.access.grants.filterEnvironment}
        placeholder={t.access.grants.filterEnvironment}
        problem={bad(search.environment)}
        value={search.environment ?? ''}
        onChange={(text) => set('environment', text)}
      />
      <FilterField
        bare
        label={t.access.grants.filterNamespace}
        placeholder={t.access.grants.filterNamespace}
        problem={bad(search.namespace)}
        value={search.namespace ?? ''}
        onChange={(text) => set('namespace', text)}
      />
      <Select
        bare
        label={t.access.grants.filterRole}
        value={search.role ?? ''}
        onChange={(event) => set('role', event.target.value)}
      >
        <option value="">{t.access.grants.anyRole}</option>
        {roleNames.map((role) => (
          <option key={role} value={role}>
            {t.roles[role]}
          </option>
        ))}
      </Select>
      <nav aria-label={t.access.grants.order} className={styles.order}>
        <Link to="/access" search={{ ...search, by: undefined }} activeOptions={EXACT}>
          {t.access.grants.bySubject}
        </Link>
        <Link to="/access" search={{ ...search, by: 'place' }} activeOptions={EXACT}>
          {t.access.grants.byPlace}
        </Link>
      </nav>
    </search>
  );
}
