// Where one can go. On narrow screens it is the menu of the scope bar.
import { useQuery } from '@tanstack/react-query';
import { Link, type LinkProps, useParams } from '@tanstack/react-router';
import {
  ClipboardList,
  FileDiff,
  History,
  House,
  KeyRound,
  Layers,
  type LucideIcon,
  Search,
  Server,
  Settings2,
  ShieldCheck,
} from 'lucide-react';
import { environmentsQuery } from '../api/environments';
import { useT } from '../i18n';
import { lastEnvironment } from './lastEnvironment';
import styles from './Nav.module.css';

interface Destination {
  label: string;
  icon: LucideIcon;
  link: LinkProps;
}

/** The pages that are reached from everywhere, in the order in which they are shown. */
export function useDestinations(): Destination[] {
  const t = useT();
  const { env: here } = useParams({ strict: false });
  const { data: environments } = useQuery(environmentsQuery);
  const env = here ?? lastEnvironment(environments?.map((one) => one.name) ?? []);
  const scoped: Destination[] =
    env === undefined
      ? []
      : [
          { label: t.nav.configs, icon: Layers, link: { to: '/e/$env', params: { env } } },
          { label: t.nav.instances, icon: Server, link: { to: '/e/$env/instances', params: { env } } },
          { label: t.nav.history, icon: History, link: { to: '/e/$env/history', params: { env } } },
        ];
  return [
    { label: t.nav.home, icon: House, link: { to: '/' } },
    ...scoped,
    { label: t.nav.compare, icon: FileDiff, link: { to: '/compare' } },
    { label: t.nav.search, icon: Search, link: { to: '/search' } },
    { label: t.nav.audit, icon: ClipboardList, link: { to: '/audit' } },
    { label: t.nav.access, icon: ShieldCheck, link: { to: '/access' } },
    { label: t.nav.tokens, icon: KeyRound, link: { to: '/tokens' } },
    { label: t.nav.environments, icon: Settings2, link: { to: '/environments' } },
  ];
}

export function Nav() {
  const t = useT();
  return (
    <nav aria-label={t.nav.label} className={styles.nav}>
      {useDestinations().map(({ label, icon: Icon, link }) => (
        <Link
          key={label}
          {...link}
          className={styles.link}
          activeOptions={{ exact: link.to === '/' || link.to === '/e/$env', includeSearch: false }}
        >
          <Icon aria-hidden />
          {label}
        </Link>
      ))}
    </nav>
  );
}
