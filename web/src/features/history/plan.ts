// What a rollback is to do, as the address says it, and what that takes.
import type { Scope } from '../../api/keys';
import type { Rollback } from '../../api/revisions';
import type { ChangedView, DiffEntryView, EnvironmentView } from '../../api/schema';
import type { Texts } from '../../app/search';

export type Plan =
  | { kind: 'rollback'; to: number; key: string | undefined }
  | { kind: 'revert'; revert: number };

function number(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** Nothing as long as no revision was chosen. */
export function planOf(texts: Texts): Plan | null {
  const revert = number(texts.revert);
  if (revert !== null && revert > 0) return { kind: 'revert', revert };
  const to = number(texts.to);
  return to === null ? null : { kind: 'rollback', to, key: texts.key || undefined };
}

export function bodyOf({ env, ns }: Scope, plan: Plan): Rollback {
  if (plan.kind === 'revert') return { revert: plan.revert };
  return { env, namespace: ns, to: plan.to, ...(plan.key !== undefined && { keys: [plan.key] }) };
}

/** The environments that would change; the one of the page when nothing would. */
export function environmentsOf(env: string, changes: ChangedView[]): string[] {
  return [...new Set([env, ...changes.map((one) => one.env)])];
}

/** The namespaces of an environment that would change. */
export function namespacesIn(env: string, changes: ChangedView[]): string[] {
  const found = changes.filter((one) => one.env === env).flatMap((one) => one.namespace ?? []);
  return [...new Set(found)].toSorted();
}

/** Only the differences of what would change: a revert leaves what else differs from then as it is. */
export function relevant(env: string, changes: ChangedView[], entries: DiffEntryView[]): DiffEntryView[] {
  const touched = new Set(
    changes.filter((one) => one.env === env && one.key != null).map((one) => `${one.namespace}/${one.key}`),
  );
  return entries.filter((one) => touched.has(`${one.namespace}/${one.key}`));
}

interface Demands {
  /** Whether a message must be given. */
  message: boolean;
  /** The production environment whose name must be typed. */
  confirm: string | null;
}

/** What the environments that would change ask for. */
export function demandsOf(names: string[], environments: EnvironmentView[]): Demands {
  const touched = environments.filter((one) => names.includes(one.name));
  return {
    message: touched.some((one) => one.protected),
    confirm: touched.find((one) => one.tier === 'prod')?.name ?? null,
  };
}
