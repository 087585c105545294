// How an instance stands, as words have it.
import type { InstanceView } from '../../api/schema';
import type { Tone } from '../../ui/Badge';

export const conditionTones = {
  in_sync: 'good',
  behind: 'warn',
  rejected: 'bad',
  held: 'accent',
  unknown: 'quiet',
} as const satisfies Record<InstanceView['condition'], Tone>;

export const presenceTones = { live: 'good', late: 'bad', gone: 'quiet' } as const satisfies Record<
  InstanceView['presence'],
  Tone
>;

/** What a list can be narrowed to, in the order in which it is offered. */
export const states = [
  'drifted',
  'in_sync',
  'behind',
  'rejected',
  'held',
  'unknown',
  'broken',
  'unhealthy',
  'missing',
  'live',
  'late',
  'gone',
] as const;

export type Outcome = 'runs' | 'includes' | 'rejected' | 'waiting' | 'unknown';

/** What is certain about a change of one of its namespaces at an instance. */
export function outcomeOf(revision: number, { revision: applied, runs, rejected }: InstanceView): Outcome {
  if (rejected?.revision === revision) return 'rejected';
  if (applied == null) return 'unknown';
  if (revision > applied) return 'waiting';
  return revision === (runs?.revision ?? applied) ? 'runs' : 'includes';
}
