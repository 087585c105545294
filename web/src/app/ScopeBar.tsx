// Where one is: environment and namespace, both from the address; and whether what is shown is fresh.
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import {
  ChevronDown,
  ChevronRight,
  CircleUser,
  Languages,
  LogOut,
  Menu as MenuIcon,
  Search,
  SunMoon,
} from 'lucide-react';
import { Fragment, useEffect } from 'react';
import { environmentsQuery } from '../api/environments';
import { meQuery } from '../api/me';
import { useNamespaces } from '../api/namespaces';
import { logOut } from '../api/sessions';
import { type Language, languages, useLanguage, useT } from '../i18n';
import { clock } from '../lib/time';
import { Badge } from '../ui/Badge';
import { EnvTag } from '../ui/EnvTag';
import { Menu } from '../ui/Menu';
import { keepEnvironment } from './lastEnvironment';
import { useLive } from './live';
import { useDestinations } from './Nav';
import { queries } from './queries';
import styles from './ScopeBar.module.css';
import { useEnvironment } from './session';
import { chooseTheme, themes, useTheme } from './theme';

export function ScopeBar({ onSearch }: { onSearch: () => void }) {
  const t = useT();
  return (
    <div className={styles.bar}>
      <Pages />
      <Link to="/" className={styles.brand}>
        Pintle
      </Link>
      <Where />
      <span className={styles.room} />
      <LiveChip />
      <button type="button" className={styles.search} onClick={onSearch} aria-keyshortcuts="Control+K Meta+K">
        <Search aria-hidden />
        <span>{t.nav.palette}</span>
        <kbd>Ctrl K</kbd>
      </button>
      <Person />
    </div>
  );
}

function Pages() {
  const t = useT();
  const navigate = useNavigate();
  const items = useDestinations().map(({ label, icon: Icon, link }) => ({
    label,
    icon: <Icon aria-hidden />,
    onSelect: () => void navigate(link),
  }));
  return (
    <Menu className={styles.pages} button={<MenuIcon aria-hidden />} label={t.common.menu} items={items} />
  );
}

function Where() {
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

  if (env === undefined) return null;
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

function LiveChip() {
  const t = useT();
  const { language } = useLanguage();
  const state = useLive();
  if (state.kind === 'off') return null;
  return (
    <span role="status" className={styles.live} title={state.kind === 'lost' ? t.live.lostTitle : undefined}>
      {state.kind === 'live' && <Badge tone="good">{t.live.live}</Badge>}
      {state.kind === 'connecting' && <Badge>{t.live.connecting}</Badge>}
      {state.kind === 'lost' && <Badge tone="bad">{t.live.lost(clock(state.since, language))}</Badge>}
    </span>
  );
}

function Person() {
  const t = useT();
  const navigate = useNavigate();
  const { language, choose } = useLanguage();
  const theme = useTheme();
  const { data: me } = useQuery(meQuery);
  const leave = async () => {
    await logOut().catch(() => {});
    queries.clear();
    await navigate({ to: '/login' });
  };
  return (
    <Menu
      className={styles.person}
      side="right"
      label={me ? `${t.nav.account}: ${me.user}` : t.nav.account}
      button={
        <>
          <CircleUser aria-hidden />
          <span id="user">{me?.user}</span>
        </>
      }
      items={[
        {
          label: t.nav.account,
          icon: <CircleUser aria-hidden />,
          onSelect: () => void navigate({ to: '/account' }),
        },
        ...Object.entries(languages).map(([tag, { name }]) => ({
          label: name,
          icon: <Languages aria-hidden />,
          current: tag === language,
          onSelect: () => choose(tag as Language),
        })),
        ...themes.map((one) => ({
          label: `${t.nav.theme}: ${t.nav.themes[one]}`,
          icon: <SunMoon aria-hidden />,
          current: one === theme,
          onSelect: () => chooseTheme(one),
        })),
        { label: t.nav.logout, icon: <LogOut aria-hidden />, onSelect: () => void leave() },
      ]}
    />
  );
}
