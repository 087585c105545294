// What the form of a trusted issuer holds, and what of it is sent.
import type { IssuerBody, IssuerRule } from '../../api/schema';
import { fromLines, toLines, words } from './pairs';

export interface RuleFields {
  /** Tells rules apart while they are edited. */
  id: number;
  user: string;
  claims: string;
  groups: string;
}

let made = 0;

export function ruleFields(rule?: IssuerRule): RuleFields {
  return {
    id: made++,
    user: rule?.user ?? '',
    claims: toLines(rule?.claims),
    groups: rule?.groups?.join(' ') ?? '',
  };
}

/** The rules to be sent; those whose claims are no pairs are named by their place and line. */
export function rulesOf(fields: RuleFields[]): { rules: IssuerRule[]; bad: Map<number, number> } {
  const bad = new Map<number, number>();
  const rules = fields.map(({ user, claims, groups }, nth) => {
    const parsed = fromLines(claims);
    if ('bad' in parsed) bad.set(nth, parsed.bad);
    return { user: user.trim(), claims: 'pairs' in parsed ? parsed.pairs : {}, groups: words(groups) };
  });
  return { rules, bad };
}

/** A JWK set, nothing for an empty text, or an error's word. */
export function keysOf(text: string): IssuerBody['keys'] | 'bad' {
  if (text.trim() === '') return null;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && Array.isArray((parsed as { keys?: unknown }).keys)
      ? (parsed as NonNullable<IssuerBody['keys']>)
      : 'bad';
  } catch {
    return 'bad';
  }
}
