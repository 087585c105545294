import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Autosave } from './autosave';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function made(save: (text: string) => Promise<void>) {
  return new Autosave<string>({ save, passes: (error) => error !== 'decide' });
}

test('it saves once, a second after the last key', async () => {
  const save = vi.fn(async () => {});
  const autosave = made(save);
  autosave.edited(() => 'a');
  await vi.advanceTimersByTimeAsync(900);
  autosave.edited(() => 'ab');
  await vi.advanceTimersByTimeAsync(900);
  expect(save).not.toHaveBeenCalled();
  expect(autosave.unsaved).toBe(true);
  await vi.advanceTimersByTimeAsync(200);
  expect(save.mock.calls).toEqual([['ab']]);
  expect(autosave.state().kind).toBe('saved');
  expect(autosave.unsaved).toBe(false);
});

test('what failed is tried again, and what was typed meanwhile is what is saved', async () => {
  const save = vi.fn(async (_: string) => {});
  save.mockRejectedValueOnce('down');
  const autosave = made(save);
  autosave.edited(() => 'a');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(autosave.state()).toEqual({ kind: 'failed', error: 'down', again: true });
  expect(autosave.unsaved).toBe(true);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(save.mock.calls).toEqual([['a'], ['a']]);
  expect(autosave.state().kind).toBe('saved');
});

test('it waits for a decision, and does not try by itself', async () => {
  const save = vi.fn(async (_: string) => {});
  save.mockRejectedValueOnce('decide');
  const autosave = made(save);
  autosave.edited(() => 'a');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(save).toHaveBeenCalledTimes(1);
  expect(autosave.unsaved).toBe(true);
  expect(await autosave.now()).toBe(true);
  expect(autosave.unsaved).toBe(false);
});

test('two saves never run at once', async () => {
  let free = () => {};
  const save = vi.fn((_: string) => new Promise<void>((done) => (free = done)));
  const autosave = made(save);
  autosave.edited(() => 'a');
  await vi.advanceTimersByTimeAsync(1_000);
  autosave.edited(() => 'ab');
  const all = autosave.now();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(save).toHaveBeenCalledTimes(1);
  expect(autosave.unsaved).toBe(true);
  free();
  await vi.advanceTimersByTimeAsync(0);
  expect(save.mock.calls).toEqual([['a'], ['ab']]);
  free();
  expect(await all).toBe(true);
  expect(autosave.unsaved).toBe(false);
});
