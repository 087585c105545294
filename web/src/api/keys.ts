// Keys of the query cache. Whatever belongs to an environment begins with it, so that a late answer of another one can never be
// shown, and an event of one invalidates nothing else.

/** A namespace of an environment, always taken from the address. */
export interface Scope {
  env: string;
  ns: string;
}

export const keys = {
  me: ['me'] as const,
  ready: ['ready'] as const,
  environments: ['environments'] as const,
  /** Everything of an environment. */
  environment: (env: string, ...rest: unknown[]) => ['env', env, ...rest] as const,
  /** Everything of a namespace. */
  namespace: ({ env, ns }: Scope, ...rest: unknown[]) => ['env', env, 'ns', ns, ...rest] as const,
  /** The instances of an environment. */
  instances: (env: string, ...rest: unknown[]) => ['env', env, 'instances', ...rest] as const,
  /** What belongs to no environment: users, tokens, history over all of them. */
  store: (...rest: unknown[]) => ['store', ...rest] as const,
};
