// The parts of a token's scope as they are edited, and what of them is sent.
import type { Action, Role, ScopeItem } from '../../api/schema';

export interface ScopeFields {
  /** Tells parts apart while they are edited. */
  id: number;
  by: 'role' | 'actions';
  role: Role;
  actions: Action[];
  part: { environment: string; namespace: string; key_prefix: string };
}

let made = 0;

export function scopeFields(): ScopeFields {
  return {
    id: made++,
    by: 'role',
    role: 'viewer',
    actions: ['read'],
    part: { environment: '*', namespace: '*', key_prefix: '' },
  };
}

export function toItem({ by, role, actions, part }: ScopeFields): ScopeItem {
  return by === 'role' ? { ...part, role } : { ...part, actions };
}

const DAY_MS = 86_400_000;
/** A token that ends within so many days is told so. */
const SOON_DAYS = 14;

export function endsSoon(at: string | null | undefined, now: number): boolean {
  return at != null && new Date(at).getTime() - now < SOON_DAYS * DAY_MS;
}
