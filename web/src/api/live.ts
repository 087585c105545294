// One stream of events per tab, and the truth about it. It only says what to read again: what is shown always comes from reads.
import type { QueryClient } from '@tanstack/react-query';
import { base } from './client';
import { keys } from './keys';
import { askMe } from './me';
import { codeOf } from './problem';
import { askReady } from './ready';
import { Reread } from './reread';
import type { ChangeEvent, CheckpointEvent } from './schema';

interface Watched {
  /** One as a rule; a page that compares shows more. */
  envs: string[];
  ns: string | undefined;
  /** Whether the page shows instances. */
  instances: boolean;
}

export type LiveState =
  | { kind: 'off' }
  | { kind: 'connecting' }
  | { kind: 'live' }
  /** The connection was lost and what is shown may be old, since then. */
  | { kind: 'lost'; since: Date };

/** A stream that is silent for longer is dead: the server says something every 15 s. */
const SILENCE_MS = 45_000;
/** How often the server is asked where there is no stream. */
const POLL_MS = 5_000;
const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000] as const;

export class Live {
  #watched: Watched | null = null;
  #source: EventSource | null = null;
  #state: LiveState = { kind: 'off' };
  #listeners = new Set<() => void>();
  #failures = 0;
  /** Counts connections: what one of them still waits for is nothing to the next. */
  #turn = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  readonly #queries: QueryClient;
  readonly #reread: Reread;

  constructor(queries: QueryClient) {
    this.#queries = queries;
    this.#reread = new Reread(queries);
    document.addEventListener('visibilitychange', () => {
      // Browsers give few connections to one address; a page that nobody sees needs none.
      if (document.hidden) this.#close();
      else if (this.#watched && !this.#source) void this.#open();
    });
    window.addEventListener('online', () => this.#again(0));
  }

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly state = () => this.#state;

  /** Watches something else, or nothing. */
  watch(watched: Watched | null) {
    if (JSON.stringify(watched) === JSON.stringify(this.#watched)) return;
    this.#watched = watched;
    this.#failures = 0;
    this.#close();
    this.#set({ kind: watched ? 'connecting' : 'off' });
    if (watched && !document.hidden) void this.#open();
  }

  #set(state: LiveState) {
    // The time of a loss is that of the first failure, however many follow.
    if (state.kind === 'lost' && this.#state.kind === 'lost') return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  #close() {
    this.#turn++;
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    this.#source?.close();
    this.#source = null;
  }

  async #open() {
    this.#close();
    const turn = this.#turn;
    const watched = this.#watched;
    const [env] = watched?.envs ?? [];
    if (!watched || env === undefined) return;
    const query = new URLSearchParams({ env });
    /** How far the stream told. */
    let told: number | null = null;
    if (watched.ns !== undefined) {
      query.append('namespace', watched.ns);
      query.append('topic', 'entries');
      // From where the node is now: contents are read, not streamed.
      const ready = await askReady().catch(() => null);
      if (turn !== this.#turn) return;
      if (!ready) return this.#failed();
      told = ready.revision;
      query.set('after', `${ready.epoch}.${ready.revision}`);
    }
    if (watched.instances) query.append('topic', 'instances');
    if (!query.has('topic')) return this.#poll(watched);
    const source = new EventSource(`${base}/api/v1/watch?${query}`);
    this.#source = source;
    source.onopen = () => {
      this.#failures = 0;
      this.#heard();
      this.#set({ kind: 'live' });
      void this.#queries.invalidateQueries({ queryKey: keys.environment(env) });
    };
    source.onerror = () => this.#failed();
    const on = (name: string, act: (text: string) => void) =>
      source.addEventListener(name, (event) => {
        this.#heard();
        act((event as MessageEvent<string>).data);
      });
    for (const name of ['snapshot', 'bye']) on(name, () => {});
    // What is changed of a namespace itself is no change of an entry: only the revision tells of it.
    on('checkpoint', (text) => {
      const { revision } = JSON.parse(text) as CheckpointEvent;
      if (told !== null && revision > told) this.#reread.soon(keys.environment(env, 'namespaces'));
      if (told !== null) told = revision;
    });
    on('reset', () => this.#reread.soon(keys.environment(env)));
    on('change', (text) => {
      const change = JSON.parse(text) as ChangeEvent;
      if (told !== null) told = change.revision;
      this.#reread.changed(env, change);
    });
    on('instance', () => this.#reread.moved(env));
  }

  /** Without a namespace there is no stream of changes: the server is asked whether it is there, and how far it is. */
  #poll(watched: Watched) {
    const turn = this.#turn;
    let seen: number | null = null;
    const look = async () => {
      const ready = await askReady().catch(() => null);
      if (turn !== this.#turn) return;
      if (ready) {
        this.#failures = 0;
        this.#set({ kind: 'live' });
        if (seen !== null && seen !== ready.revision)
          for (const env of watched.envs) this.#reread.soon(keys.environment(env));
        seen = ready.revision;
        this.#retry = setTimeout(look, POLL_MS);
      } else {
        this.#failed();
      }
    };
    void look();
  }

  #heard() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#failed(), SILENCE_MS);
  }

  #failed() {
    this.#close();
    this.#set({ kind: 'lost', since: new Date() });
    const wait = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)] ?? 10_000;
    this.#again(wait * (0.75 + Math.random() / 2));
  }

  #again(wait: number) {
    if (!this.#watched || this.#source || document.hidden) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(async () => {
      const turn = this.#turn;
      // The stream's own errors say nothing: a call tells whether the login ended.
      const refused = await askMe().then(
        () => null,
        (error: unknown) => codeOf(error),
      );
      if (turn !== this.#turn) return;
      if (refused === 'unauthenticated') await this.#queries.invalidateQueries({ queryKey: keys.me });
      else if (refused === null) await this.#open();
      else this.#failed();
    }, wait);
  }
}
