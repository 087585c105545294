// The frame around every page behind the login: where one is, how fresh it is, and where one can go.
import { useQuery } from '@tanstack/react-query';
import { Outlet, useMatches, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { readyQuery } from '../api/ready';
import { useT } from '../i18n';
import { isReadable } from '../lib/transport';
import { Announcer } from '../ui/Announcer';
import { Banner } from '../ui/Banner';
import { classes } from '../ui/classes';
import { Toasts } from '../ui/Toast';
import { live } from './live';
import { Nav } from './Nav';
import { keepPlace } from './recent';
import { ScopeBar } from './ScopeBar';
import styles from './Shell.module.css';
import { useEnvironment, useProduction } from './session';
import { useShortcuts } from './shortcuts';
import { useShown } from './shownPlaces';
import { useFocus } from './useFocus';
import { useLoginEnd } from './useLoginEnd';
import { useSaidPages } from './useSaidPages';

const Palette = lazy(() => import('./Palette'));
const Help = lazy(() => import('./Help'));

export function Shell() {
  const t = useT();
  const { env, ns, _splat: key } = useParams({ strict: false });
  const instances = useMatches().some((match) => match.staticData.instances);
  // A page that belongs to no environment may watch the instances of one that its address names.
  const { env: named } = useSearch({ strict: false });
  const one = env ?? (instances ? named : undefined);
  const shown = useShown();
  const watched = one === undefined ? shown : [one];
  const environment = useEnvironment(env);
  const production = useProduction(env === undefined ? shown : [env]).length > 0;
  const ready = useQuery(readyQuery).data;
  const [open, setOpen] = useState<'palette' | 'help' | null>(null);
  useShortcuts(setOpen);
  useLoginEnd();
  useFocus();
  useSaidPages();

  const names = watched.join(' ');
  useEffect(() => {
    live.watch(names === '' ? null : { envs: names.split(' '), ns, instances });
  }, [names, ns, instances]);

  useEffect(() => {
    if (env !== undefined && ns !== undefined) keepPlace({ env, ns, ...(key && { key }) });
  }, [env, ns, key]);

  return (
    <div
      className={classes(styles.shell, production && styles.prod)}
      data-tier={production ? 'prod' : environment?.tier}
    >
      <a href="#main" className={styles.skip}>
        {t.common.skip}
      </a>
      <header className={styles.head}>
        <ScopeBar onSearch={() => setOpen('palette')} />
      </header>
      <div className={styles.body}>
        <Nav />
        <main id="main" tabIndex={-1} className={styles.main}>
          <div className={styles.banners}>
            {isReadable() && <Banner tone="warn">{t.nav.plain}</Banner>}
            {ready?.held && <Banner tone="warn">{t.nav.held}</Banner>}
            {ready && !ready.writes && <Banner tone="warn">{t.nav.noWrites}</Banner>}
            {environment?.frozen && env !== undefined && (
              <Banner tone="warn" title={t.nav.frozen(env)}>
                {environment.frozen.reason} {t.nav.frozenBy(environment.frozen.by)}
              </Banner>
            )}
          </div>
          <Outlet key={`${env ?? ''}/${ns ?? ''}`} />
        </main>
      </div>
      <Toasts />
      <Announcer />
      <Suspense fallback={null}>
        {open === 'palette' && <Palette onClose={() => setOpen(null)} />}
        {open === 'help' && <Help onClose={() => setOpen(null)} />}
      </Suspense>
    </div>
  );
}
