// What every address has in common: how its query is read, and the frame with the login that stands before most pages.
import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, redirect } from '@tanstack/react-router';
import { environmentsQuery } from './api/environments';
import { meQuery } from './api/me';
import { codeOf } from './api/problem';
import { NotFound } from './app/Fallbacks';
import { Shell } from './app/Shell';

/** Texts of the query of an address; numbers and lists have no place in it. */
type Search = Record<string, string | undefined>;

function texts(search: Record<string, unknown>): Search {
  return Object.fromEntries(
    Object.entries(search).map(([name, value]) => [name, value == null ? undefined : String(value)]),
  );
}

export const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  validateSearch: texts,
  notFoundComponent: NotFound,
});

/** Everything behind the login, in the frame. */
export const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queries.ensureQueryData(meQuery);
    } catch (error) {
      if (codeOf(error) === 'unauthenticated')
        throw redirect({ to: '/login', search: location.href === '/' ? {} : { next: location.href } });
      throw error;
    }
    // With them the ways to their pages are there at once, and nothing moves.
    await context.queries.prefetchQuery(environmentsQuery);
  },
});
