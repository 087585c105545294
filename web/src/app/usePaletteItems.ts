// Everything that the palette offers here: from the address, from what is known already, and from the search of keys.
import { useQueries, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import {
  FileDiff,
  FileText,
  Folder,
  History,
  Languages,
  ListChecks,
  Pencil,
  Search,
  Settings2,
  Sparkles,
  SunMoon,
  Undo2,
} from 'lucide-react';
import { environmentsQuery } from '../api/environments';
import { namespacesQuery } from '../api/namespaces';
import { keySearchQuery } from '../api/search';
import { type Language, languages, useLanguage, useT } from '../i18n';
import { useSettled } from '../lib/useSettled';
import { useDestinations } from './Nav';
import type { Item } from './paletteItems';
import { recentPlaces } from './recent';
import { chooseTheme, themes } from './theme';

const PAUSE_MS = 120;
const FOUND = 10;

export function usePaletteItems(typed: string): { items: Item[]; isSearching: boolean } {
  const t = useT();
  const q = useSettled(typed.trim(), PAUSE_MS);
  const { language, choose } = useLanguage();
  const destinations = useDestinations();
  const { data: environments = [] } = useQuery(environmentsQuery);
  const lists = useQueries({
    queries: environments.map(({ name }) => ({ ...namespacesQuery(name), staleTime: 60_000 })),
  });
  const found = useQuery(keySearchQuery(q, FOUND));
  const tierOf = (env: string) => environments.find((one) => one.name === env)?.tier;
  const here = useHere();
  const recent: Item[] = recentPlaces().map(({ env, ns, key }) => ({
    id: `recent ${env}/${ns}/${key ?? ''}`,
    group: 'recent',
    label: key === undefined ? ns : `${ns}/${key}`,
    icon: key === undefined ? Folder : FileText,
    env,
    tier: tierOf(env),
    link:
      key === undefined
        ? { to: '/e/$env/n/$ns', params: { env, ns } }
        : { to: '/e/$env/n/$ns/k/$', params: { env, ns, _splat: key } },
  }));
  const pages: Item[] = [
    ...destinations.map(({ label, icon, link }) => ({
      id: `page ${String(link.to)}`,
      group: 'pages' as const,
      label,
      icon,
      link,
    })),
    {
      id: 'page welcome',
      group: 'pages',
      label: t.palette.firstSteps,
      icon: Sparkles,
      link: { to: '/welcome' },
    },
  ];
  const places: Item[] = environments.flatMap(({ name: env, tier }, nth) => [
    {
      id: `environment ${env}`,
      group: 'environments' as const,
      label: env,
      also: tier ? t.tiers[tier] : '',
      env,
      tier,
      link: { to: '/e/$env', params: { env } } as const,
    },
    ...(lists[nth]?.data?.namespaces ?? []).map(({ name: ns }) => ({
      id: `namespace ${env}/${ns}`,
      group: 'namespaces' as const,
      label: ns,
      icon: Folder,
      env,
      tier,
      link: { to: '/e/$env/n/$ns', params: { env, ns } } as const,
    })),
  ]);
  const entries: Item[] = (q === '' || typed.trim() === '' ? [] : (found.data?.hits ?? [])).map((hit) => ({
    id: `entry ${hit.environment}/${hit.namespace}/${hit.key}`,
    group: 'entries',
    label: `${hit.namespace}/${hit.key}`,
    icon: FileText,
    env: hit.environment,
    tier: tierOf(hit.environment),
    link: {
      to: '/e/$env/n/$ns/k/$',
      params: { env: hit.environment, ns: hit.namespace, _splat: hit.key },
    },
  }));
  const settings: Item[] = [
    ...themes.map((theme) => ({
      id: `theme ${theme}`,
      group: 'settings' as const,
      label: `${t.nav.theme}: ${t.nav.themes[theme]}`,
      also: `theme ${theme}`,
      icon: SunMoon,
      act: () => chooseTheme(theme),
    })),
    ...Object.entries(languages)
      .filter(([tag]) => tag !== language)
      .map(([tag, { name }]) => ({
        id: `language ${tag}`,
        group: 'settings' as const,
        label: `${t.nav.language}: ${name}`,
        also: `language ${tag}`,
        icon: Languages,
        act: () => choose(tag as Language),
      })),
  ];
  const text = typed.trim();
  const search: Item[] =
    text === ''
      ? []
      : [
          {
            id: 'search',
            group: 'search',
            label: t.palette.contents(text),
            icon: Search,
            link: { to: '/search', search: { q: text } },
          },
        ];
  return {
    items: [...here, ...recent, ...pages, ...places, ...entries, ...settings, ...search],
    isSearching: text !== '' && (q !== text || found.isFetching),
  };
}

/** What can be done where one is. */
function useHere(): Item[] {
  const t = useT().palette;
  const { env, ns, _splat: key } = useParams({ strict: false });
  if (env === undefined || ns === undefined) return [];
  const params = { env, ns };
  const item = (id: string, label: string, icon: Item['icon'], link: Item['link']): Item => ({
    id: `here ${id}`,
    group: 'here',
    label,
    ...(icon && { icon }),
    ...(link && { link }),
  });
  return [
    ...(key
      ? [
          item('edit', t.edit(key), Pencil, {
            to: '/e/$env/n/$ns/edit/$',
            params: { ...params, _splat: key },
          }),
        ]
      : []),
    item('review', t.review, ListChecks, { to: '/e/$env/n/$ns/review', params }),
    item('history', t.history, History, {
      to: '/e/$env/n/$ns/history',
      params,
      ...(key && { search: { key } }),
    }),
    item('rollback', t.rollback, Undo2, { to: '/e/$env/n/$ns/rollback', params }),
    item('compare', t.compare, FileDiff, { to: '/compare', search: { from_env: env, namespace: ns } }),
    item('entries', t.entries, Folder, { to: '/e/$env/n/$ns', params }),
    item('settings', t.settings, Settings2, { to: '/e/$env/n/$ns/settings', params }),
  ];
}
