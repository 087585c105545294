// What the home page knows of an environment.
import type {
  EnvironmentView,
  InstanceSummaryView,
  InstanceView,
  NamespaceView,
  RevisionView,
} from '../../api/schema';

export interface Known {
  environment: EnvironmentView;
  namespaces: NamespaceView[] | undefined;
  /** What all instances come to, with the first few that rejected something. */
  instances: { instances: InstanceView[]; summary?: InstanceSummaryView | null } | undefined;
}

const IMPORTANCE = ['prod', 'staging', 'test', 'dev'];

/** Environments by what is at stake, then by name. */
export function byImportance(environments: EnvironmentView[]): EnvironmentView[] {
  const rank = ({ tier }: EnvironmentView) => (tier ? IMPORTANCE.indexOf(tier) : IMPORTANCE.length);
  return [...environments].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

/** Instances that refused the same change for the same reason. */
interface Refusal {
  revision: number;
  reason: string | null;
  ids: string[];
}

/** Refusals by change and reason, those of the most instances first. */
export function refusalsOf(instances: InstanceView[]): Refusal[] {
  const found = new Map<string, Refusal>();
  for (const { id, rejected } of instances) {
    if (!rejected) continue;
    const { revision, reason = null } = rejected;
    const name = `${revision} ${reason}`;
    const refusal = found.get(name) ?? { revision, reason, ids: [] };
    refusal.ids.push(id);
    found.set(name, refusal);
  }
  return [...found.values()].sort((a, b) => b.ids.length - a.ids.length);
}

/** The environments that a change touched. */
export function environmentsOf({ changes }: RevisionView): string[] {
  return [...new Set(changes.map((one) => one.env))].sort();
}

/** The namespace from which a change can be undone, if it changed any entry. */
export function placeOf({ changes }: RevisionView): { env: string; ns: string } | null {
  const entry = changes.find((one) => one.item === 'entry' && one.namespace != null);
  return entry ? { env: entry.env, ns: entry.namespace ?? '' } : null;
}

/** What a change touched, the first few by name. */
export function touched(
  { changes, changed }: RevisionView,
  most: number,
): { names: string[]; others: number } {
  const names = changes
    .slice(0, most)
    .map((one) => [one.namespace ?? one.env, one.key].filter((part) => part != null).join('/'));
  return { names, others: Math.max(0, changed - names.length) };
}
