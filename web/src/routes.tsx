// The map of the console: every address, and the page that it opens. Pages are loaded when they are first needed.

import { createRoute, createRouter, lazyRouteComponent as page } from '@tanstack/react-router';
import { base } from './api/client';
import { PageError } from './app/Fallbacks';
import { queries } from './app/queries';
import { root, shell } from './frame';
import { parseQuery, writeQuery } from './lib/url';

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  component: page(() => import('./features/login/LoginPage')),
});
const terminal = createRoute({
  getParentRoute: () => root,
  path: '/cli',
  component: page(() => import('./features/login/TerminalPage')),
});

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: page(() => import('./features/home/HomePage')),
});
const welcome = createRoute({
  getParentRoute: () => shell,
  path: '/welcome',
  staticData: { instances: true },
  component: page(() => import('./features/welcome/WelcomePage')),
});
const revision = createRoute({
  getParentRoute: () => shell,
  path: '/r/$revision',
  component: page(() => import('./features/history/RevisionPage')),
});
const compare = createRoute({
  getParentRoute: () => shell,
  path: '/compare',
  component: page(() => import('./features/compare/ComparePage')),
});
const search = createRoute({
  getParentRoute: () => shell,
  path: '/search',
  component: page(() => import('./features/search/SearchPage')),
});
const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  component: page(() => import('./features/audit/AuditPage')),
});
const access = createRoute({
  getParentRoute: () => shell,
  path: '/access',
  component: page(() => import('./features/access/AccessPage')),
});
const tokens = createRoute({
  getParentRoute: () => shell,
  path: '/tokens',
  component: page(() => import('./features/tokens/TokensPage')),
});
const environments = createRoute({
  getParentRoute: () => shell,
  path: '/environments',
  component: page(() => import('./features/environments/EnvironmentsPage')),
});
const account = createRoute({
  getParentRoute: () => shell,
  path: '/account',
  component: page(() => import('./features/account/AccountPage')),
});

const environment = createRoute({ getParentRoute: () => shell, path: '/e/$env' });
const namespaces = createRoute({
  getParentRoute: () => environment,
  path: '/',
  component: page(() => import('./features/entries/NamespaceListPage')),
});
const instances = createRoute({
  getParentRoute: () => environment,
  path: '/instances',
  staticData: { instances: true },
  component: page(() => import('./features/instances/InstanceListPage')),
});
const instance = createRoute({
  getParentRoute: () => environment,
  path: '/instances/$instance',
  staticData: { instances: true },
  component: page(() => import('./features/instances/InstancePage')),
});
const environmentHistory = createRoute({
  getParentRoute: () => environment,
  path: '/history',
  component: page(() => import('./features/history/HistoryPage')),
});

const namespace = createRoute({ getParentRoute: () => environment, path: '/n/$ns' });
const entries = createRoute({
  getParentRoute: () => namespace,
  path: '/',
  component: page(() => import('./features/entries/EntryListPage')),
});
const entry = createRoute({
  getParentRoute: () => namespace,
  path: '/k/$',
  component: page(() => import('./features/entries/EntryPage')),
});
const edit = createRoute({
  getParentRoute: () => namespace,
  path: '/edit/$',
  component: page(() => import('./features/drafts/EditPage')),
});
const review = createRoute({
  getParentRoute: () => namespace,
  path: '/review',
  component: page(() => import('./features/drafts/ReviewPage')),
});
const history = createRoute({
  getParentRoute: () => namespace,
  path: '/history',
  component: page(() => import('./features/history/HistoryPage')),
});
const rollback = createRoute({
  getParentRoute: () => namespace,
  path: '/rollback',
  component: page(() => import('./features/history/RollbackPage')),
});
const settings = createRoute({
  getParentRoute: () => namespace,
  path: '/settings',
  component: page(() => import('./features/entries/NamespaceSettingsPage')),
});

export const router = createRouter({
  routeTree: root.addChildren([
    login,
    terminal,
    shell.addChildren([
      home,
      welcome,
      revision,
      compare,
      search,
      audit,
      access,
      tokens,
      environments,
      account,
      environment.addChildren([
        namespaces,
        instances,
        instance,
        environmentHistory,
        namespace.addChildren([entries, entry, edit, review, history, rollback, settings]),
      ]),
    ]),
  ]),
  basepath: base === '' ? '/' : base,
  parseSearch: parseQuery,
  stringifySearch: writeQuery,
  context: { queries },
  defaultPreload: 'intent',
  defaultErrorComponent: PageError,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }

  interface StaticDataRouteOption {
    /** Whether the page shows instances, and wants to hear of them. */
    instances?: boolean;
  }
}
