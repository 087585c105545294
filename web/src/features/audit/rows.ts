// What a row of the audit says, taken apart.
import type { AuditRow } from '../../api/schema';

export type Outcome = 'allowed' | 'denied' | 'failed';

/** What came of it. Only refusals have rows of their own kinds. */
export function outcomeOf({ action }: AuditRow): Outcome {
  if (action === 'denied' || action === 'unauthenticated') return 'denied';
  return action === 'log_in_failed' ? 'failed' : 'allowed';
}

interface FieldChange {
  field: string;
  before: string | null;
  after: string | null;
}

function text(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
}

/** The fields of a value; one without a name for what has none. */
function fields(value: unknown): Map<string, string> {
  if (value === undefined || value === null) return new Map();
  if (typeof value !== 'object' || Array.isArray(value)) return new Map([['', text(value)]]);
  return new Map(Object.entries(value).map(([name, one]) => [name, text(one)]));
}

/** The fields that differ between before and after; those that stayed are left out. */
export function changedFields({ before, after }: AuditRow): FieldChange[] {
  const [old, now] = [fields(before), fields(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((field) => ({ field, before: old.get(field) ?? null, after: now.get(field) ?? null }))
    .filter((one) => one.before !== one.after);
}

/** The entry, namespace or environment that a target names, when it names one. */
export function placeOf({
  target,
  env,
  namespace,
}: AuditRow): { env: string; ns?: string; key?: string } | null {
  if (env == null || !(target === env || target.startsWith(`${env}/`))) return null;
  const [, ns, ...key] = target.split('/');
  if (ns === undefined || ns !== namespace) return { env };
  return key.length === 0 ? { env, ns } : { env, ns, key: key.join('/') };
}
