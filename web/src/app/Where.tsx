// Environment, namespace and key of the address, each with the way to others.
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { Fragment, useEffect } from 'react';
import { environmentsQuery } from '../api/environments';
import { useNamespaces } from '../api/namespaces';
import { useT } from '../i18n';
import { EnvTag } from '../ui/EnvTag';
import { Menu } from '../ui/Menu';
import { keepEnvironment } from './lastEnvironment';
import styles from './ScopeBar.module.css';
import { useEnvironment, useProduction } from './session';
import { useShown } from './shownPlaces';

export function Where() {
  const t = useT();
  const navigate = useNavigate();
  const { env, ns, _splat } = useParams({ strict: false });
  const { data: environments } = useQuery(environmentsQuery);
  const environment = useEnvironment(env);
  const { data: namespaces } = useNamespaces(env ?? '');
  useEffect(() => {
    if (environment) keepEnvironment(environment.name);
  }, [environment]);

  const other = (name: string) => {
    // The same namespace and key there; the page says so where they do not exist.
    if (ns !== undefined && _splat)
      return navigate({ to: '/e/$env/n/$ns/k/$', params: { env: name, ns, _splat } });
    if (ns !== undefined) return navigate({ to: '/e/$env/n/$ns', params: { env: name, ns } });
    return navigate({ to: '/e/$env', params: { env: name } });
  };

  if (env === undefined) return <Production />;
  const crumbs = _splat?.split('/') ?? [];
  return (
    <nav aria-label={t.nav.where} className={styles.where}>
      <Menu
        className={styles.choose}
        label={`${t.nav.chooseEnvironment}: ${env}${environment?.tier === 'prod' ? ` ${t.tiers.prod}` : ''}`}
        button={
          <>
            <EnvTag name={env} tier={environment?.tier} large />
            <ChevronDown aria-hidden />
          </>
        }
        items={(environments ?? []).map((one) => ({
          label: <EnvTag name={one.name} tier={one.tier} />,
          current: one.name === env,
          onSelect: () => void other(one.name),
        }))}
      />
      {ns !== undefined && (
        <>
          <ChevronRight aria-hidden className={styles.between} />
          <Menu
            className={styles.choose}
            label={`${t.nav.chooseNamespace}: ${ns}`}
            button={
              <>
                <span className={styles.namespace}>{ns}</span>
                <ChevronDown aria-hidden />
              </>
            }
            items={[
              {
                label: t.nav.allNamespaces,
                onSelect: () => void navigate({ to: '/e/$env', params: { env } }),
              },
              ...(namespaces?.namespaces ?? []).map((one) => ({
                label: one.name,
                current: one.name === ns,
                onSelect: () => void navigate({ to: '/e/$env/n/$ns', params: { env, ns: one.name } }),
              })),
            ]}
          />
        </>
      )}
      {ns !== undefined && crumbs.length > 0 && (
        <>
          <ChevronRight aria-hidden className={styles.between} />
          <Link to="/e/$env/n/$ns/k/$" params={{ env, ns, _splat: crumbs.join('/') }} className={styles.key}>
            {crumbs.map((crumb, nth) => (
              <Fragment key={crumbs.slice(0, nth + 1).join('/')}>
                {nth > 0 && '/'}
                <wbr />
                {crumb}
              </Fragment>
            ))}
          </Link>
        </>
      )}
    </nav>
  );
}

/** On a page that belongs to no environment: those of production that it shows. */
function Production() {
  const production = useProduction(useShown());
  if (production.length === 0) return null;
  return (
    <div className={styles.where}>
      {production.map(({ name, tier }) => (
        <EnvTag key={name} name={name} tier={tier} large />
      ))}
    </div>
  );
}
