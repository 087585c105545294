// What events say is old is read again, a moment later and once for many of them.
import type { QueryClient } from '@tanstack/react-query';
import { keys } from './keys';
import type { ChangeEvent } from './schema';

/** How long events are gathered before something is read again. */
const BATCH_MS = 300;
/** At most so often are instances read again. */
const INSTANCES_MS = 1_000;

export class Reread {
  #waiting = new Map<string, ReturnType<typeof setTimeout>>();
  #lastInstances = 0;
  readonly #queries: QueryClient;

  constructor(queries: QueryClient) {
    this.#queries = queries;
  }

  changed(env: string, change: ChangeEvent) {
    for (const ns of new Set(change.changes.map((one) => one.namespace)))
      this.soon(keys.namespace({ env, ns }));
    this.soon(keys.environment(env, 'namespaces'));
    this.soon(keys.store('revisions'));
  }

  moved(env: string) {
    const wait = Math.max(BATCH_MS, this.#lastInstances + INSTANCES_MS - Date.now());
    this.soon(keys.instances(env), wait, () => {
      this.#lastInstances = Date.now();
    });
  }

  soon(key: readonly unknown[], wait = BATCH_MS, then?: () => void) {
    const name = JSON.stringify(key);
    if (this.#waiting.has(name)) return;
    const timer = setTimeout(() => {
      this.#waiting.delete(name);
      then?.();
      void this.#queries.invalidateQueries({ queryKey: key });
    }, wait);
    this.#waiting.set(name, timer);
  }
}
