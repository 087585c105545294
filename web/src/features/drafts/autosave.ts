// Keeps what somebody types: a moment after the last key, at once when asked, and again until it worked.

export type SaveState =
  /** Nothing was typed since it was opened. */
  | { kind: 'clean' }
  /** Typed, and not on its way yet. */
  | { kind: 'waiting' }
  | { kind: 'saving' }
  | { kind: 'saved'; at: Date }
  /** Not saved. It is tried again by itself, unless somebody has to decide something first. */
  | { kind: 'failed'; error: unknown; again: boolean };

const QUIET_MS = 1_000;
const RETRY_MS = [2_000, 5_000, 10_000, 30_000] as const;

export interface Saving<T> {
  save: (value: T) => Promise<void>;
  /** Whether trying again by itself may help. */
  passes: (error: unknown) => boolean;
}

export class Autosave<T> {
  #state: SaveState = { kind: 'clean' };
  #value: (() => T) | null = null;
  #running: Promise<void> | null = null;
  /** The save under way whose value is to be forgotten. */
  #forgotten: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #listeners = new Set<() => void>();
  #saving: Saving<T>;

  constructor(saving: Saving<T>) {
    this.#saving = saving;
  }

  /** How to save, from now on. */
  use(saving: Saving<T>) {
    this.#saving = saving;
  }

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  readonly state = () => this.#state;

  /** Whether something would be lost if the page were left now. */
  get unsaved(): boolean {
    return this.#value !== null || this.#running !== null;
  }

  /** Something was typed; what it is, is asked for when it is saved. */
  edited(value: () => T) {
    this.#value = value;
    this.#failures = 0;
    if (!this.#running && this.#state.kind !== 'waiting') this.#set({ kind: 'waiting' });
    this.#later(QUIET_MS);
  }

  /** Saves what is not saved yet. Whether everything is. */
  async now(): Promise<boolean> {
    clearTimeout(this.#timer);
    while (this.#running) await this.#running;
    await this.#run();
    return !this.unsaved;
  }

  /** What was typed is to be forgotten: something else took its place. */
  forget() {
    clearTimeout(this.#timer);
    this.#value = null;
    this.#forgotten = this.#running;
    this.#set({ kind: 'clean' });
  }

  stop() {
    clearTimeout(this.#timer);
  }

  #later(wait: number) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.now(), wait);
  }

  #run(): Promise<void> {
    const value = this.#value;
    if (value === null) return Promise.resolve();
    this.#value = null;
    this.#set({ kind: 'saving' });
    const running = this.#saving.save(value()).then(
      () => {
        this.#running = null;
        this.#failures = 0;
        if (this.#forgotten === running) return;
        if (this.#value === null) this.#set({ kind: 'saved', at: new Date() });
        else this.#set({ kind: 'waiting' });
      },
      (error: unknown) => {
        this.#running = null;
        if (this.#forgotten === running) return;
        // What was typed meanwhile is newer.
        this.#value ??= value;
        const again = this.#saving.passes(error);
        this.#set({ kind: 'failed', error, again });
        if (again) this.#later(RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)] ?? 30_000);
      },
    );
    this.#running = running;
    return running;
  }

  #set(state: SaveState) {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
