// The filters of a history and the chosen revisions, as texts of the address.
import type { RevisionFilter } from '../../api/revisions';
import type { Kind } from '../../api/schema';
import type { Texts } from '../../app/search';

export const kinds: readonly Kind[] = ['publish', 'rollback', 'revert', 'environment', 'namespace', 'freeze'];

const NAMES = ['key', 'actor', 'kind', 'since', 'until'] as const;

export const clearedFilters: Texts = Object.fromEntries(NAMES.map((name) => [name, undefined]));

export function hasFilters(texts: Texts): boolean {
  return NAMES.some((name) => (texts[name] ?? '') !== '');
}

/** The instant of a field for date and time, which knows no zone: the reader's. Nothing when it is none. */
export function instantOf(local: string | undefined): string | undefined {
  if (local === undefined || local === '') return undefined;
  const date = new Date(local);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** The other way round, to the minute. */
export function localOf(instant: string | undefined): string {
  const date = new Date(instant ?? '');
  if (Number.isNaN(date.getTime())) return '';
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
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
