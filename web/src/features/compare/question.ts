// What is compared, as the address says it.
import type { DiffQuery } from '../../api/diff';
import type { DiffEntryView } from '../../api/schema';
import type { Texts } from '../../app/search';

export interface Question {
  kind: 'environments' | 'revisions';
  /** Nothing as long as a side is missing. */
  ask: DiffQuery | null;
  /** Both sides are the same environment. */
  same: boolean;
}

export function questionOf(texts: Texts): Question {
  const { env, from_env, to_env, from, to } = texts;
  const part = {
    ...(texts.namespace && { namespace: texts.namespace }),
    ...(texts.namespace && texts.key && { key: texts.key }),
  };
  if (env || texts.by === 'revisions') {
    const ask = env && from ? { env, ...part, from, ...(to && { to }) } : null;
    return { kind: 'revisions', ask, same: false };
  }
  const same = Boolean(from_env) && from_env === to_env;
  // The server tells how the left side becomes the right one. Here things are taken over from `from_env` to `to_env`, so
  // what `to_env` has stands on the left, and a plus is what it would get.
  const ask =
    from_env && to_env && !same
      ? { from_env: to_env, to_env: from_env, ...part, ...(to && { from: to }), ...(from && { to: from }) }
      : null;
  return { kind: 'environments', ask, same };
}

/** Why an entry cannot be taken over. */
export function obstacle(entry: DiffEntryView): 'sealed' | 'only there' | null {
  if (entry.sealed) return 'sealed';
  return entry.difference === 'removed' ? 'only there' : null;
}

/** The chosen keys. Keys have no commas. */
export function readPicked(text: string | undefined, entries: DiffEntryView[]): string[] {
  const wanted = new Set((text ?? '').split(','));
  return entries.filter((one) => wanted.has(one.key) && obstacle(one) === null).map((one) => one.key);
}
