// The filters of a history and the chosen revisions, as texts of the address.
import type { RevisionFilter } from '../../api/revisions';
import type { Kind } from '../../api/schema';
import type { Texts } from '../../app/search';
import { instantOf } from '../../lib/time';

export const kinds: readonly Kind[] = ['publish', 'rollback', 'revert', 'environment', 'namespace', 'freeze'];

const NAMES = ['key', 'actor', 'kind', 'since', 'until'] as const;

export const clearedFilters: Texts = Object.fromEntries(NAMES.map((name) => [name, undefined]));

export function hasFilters(texts: Texts): boolean {
  return NAMES.some((name) => (texts[name] ?? '') !== '');
}

/** What is asked of the server. A kind that does not exist narrows nothing. */
export function filterOf(env: string, namespace: string | undefined, texts: Texts): RevisionFilter {
  return {
    env,
    namespace,
    // A key is one of a namespace.
    key: namespace === undefined ? undefined : texts.key || undefined,
    actor: texts.actor || undefined,
    kind: kinds.find((kind) => kind === texts.kind),
    since: instantOf(texts.since),
    until: instantOf(texts.until),
  };
}

/** The revisions that were chosen, at most two. */
export function readChosen(text: string | undefined): number[] {
  const numbers = (text ?? '').split('-').map(Number);
  return [...new Set(numbers)].filter((one) => Number.isInteger(one) && one > 0).slice(0, 2);
}

export function writeChosen(chosen: number[]): string | undefined {
  return chosen.length === 0 ? undefined : chosen.join('-');
}

/** Chooses or leaves a revision; the first one goes when a third comes. */
export function toggled(chosen: number[], revision: number): number[] {
  if (chosen.includes(revision)) return chosen.filter((one) => one !== revision);
  return [...chosen, revision].slice(-2);
}
