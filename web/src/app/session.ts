// Who is here, and what may be done. The server decides; this only spares people buttons that would be refused.
import { useQuery } from '@tanstack/react-query';
import { environmentsQuery } from '../api/environments';
import { meQuery } from '../api/me';
import type { Action, CallerView, EnvironmentView } from '../api/schema';
import { useT } from '../i18n';
import { matches } from '../lib/globs';

/** The part of the store that an action is about; what is left out stands for all of it. */
export interface Place {
  env?: string;
  ns?: string;
  key?: string;
}

/** Whether the caller may do something on the whole of a place. */
export function may(me: CallerView, action: Action, { env, ns, key }: Place = {}): boolean {
  return me.effective.some(
    (part) =>
      part.actions.includes(action) &&
      (env === undefined ? part.environment === '*' : matches(part.environment, env)) &&
      (ns === undefined ? part.namespace === '*' : matches(part.namespace, ns)) &&
      (key === undefined ? part.key_prefix === '' : key.startsWith(part.key_prefix)),
  );
}

/** Why the caller may not do something, in words for a button; nothing when it may, or as long as that is not known. */
export function useDenied(action: Action, place: Place = {}): string | null {
  const t = useT();
  const { data: me } = useQuery(meQuery);
  if (!me || may(me, action, place)) return null;
  const where = [place.env, place.ns, place.key].filter((part) => part !== undefined).join('/');
  return t.denied.button(t.actions[action], where);
}

/** An environment of the address. */
export function useEnvironment(env: string | undefined): EnvironmentView | undefined {
  const { data } = useQuery(environmentsQuery);
  return env === undefined ? undefined : data?.find((one) => one.name === env);
}

/** Those of some environments that are production. */
export function useProduction(names: readonly string[]): EnvironmentView[] {
  const { data = [] } = useQuery(environmentsQuery);
  return data.filter((one) => one.tier === 'prod' && names.includes(one.name));
}

/** The words of a tab's title that name where it is; production says so. */
export function useTab(env: string, ns?: string): string[] {
  const t = useT();
  const production = useProduction([env]).length > 0;
  const name = production ? `⚠ ${env} (${t.tiers.prod})` : env;
  return ns === undefined ? [name] : [name, ns];
}
