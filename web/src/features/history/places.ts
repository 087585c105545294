// Where the changes of a revision lie, and which page undoes them.
import type { RevisionView } from '../../api/schema';
import type { Texts } from '../../app/search';

export interface Place {
  env: string;
  ns: string;
}

/** The namespaces in which a revision changed something, as far as its changes are known here. */
function namespacesOf(revision: RevisionView): Place[] {
  const found = new Map<string, Place>();
  for (const { env, namespace } of revision.changes) {
    if (namespace != null) found.set(`${env}/${namespace}`, { env, ns: namespace });
  }
  return [...found.values()];
}

/** The namespace to roll back to a revision: the one whose history is looked at, or the only one that it changed. */
export function rollbackPlace(revision: RevisionView, env?: string, namespace?: string): Place | null {
  if (env !== undefined && namespace !== undefined) return { env, ns: namespace };
  const places = namespacesOf(revision);
  const whole = revision.changed === revision.changes.length;
  return whole && places.length === 1 ? (places[0] ?? null) : null;
}

/** Where a revert is shown; none when the revision changed an environment itself, which is changed back by hand. */
export function revertPlace(revision: RevisionView): Place | null {
  if (revision.changes.some((item) => item.item === 'environment')) return null;
  return namespacesOf(revision)[0] ?? null;
}

/** The environments in which a revision changed something, as far as its changes are known here. */
export const environmentsOf = (revision: RevisionView) => [
  ...new Set(revision.changes.map((item) => item.env)),
];

/** A history: that of an environment, a namespace, or a key. */
export interface Context {
  env: string | undefined;
  namespace: string | undefined;
  key: string | undefined;
}

/** The history in which a revision is looked at: what the address says, else the narrowest one that has all its changes. */
export function contextOf(revision: RevisionView, texts: Texts): Context {
  if (texts.env) {
    const namespace = texts.namespace || undefined;
    return { env: texts.env, namespace, key: namespace === undefined ? undefined : texts.key || undefined };
  }
  const [env, ...others] = environmentsOf(revision);
  if (env === undefined || others.length > 0) return { env: undefined, namespace: undefined, key: undefined };
  const places = namespacesOf(revision);
  const one = places.length === 1 && revision.changes.every((item) => item.namespace != null);
  return { env, namespace: one ? places[0]?.ns : undefined, key: undefined };
}
