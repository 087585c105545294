import { act, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { useTyped } from './useTyped';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function made() {
  const tell = vi.fn();
  const { result, rerender } = renderHook(({ value }) => useTyped(value, 100, tell), {
    initialProps: { value: '' },
  });
  const type = (text: string) => act(() => result.current[1](text));
  const wait = (ms: number) => act(() => void vi.advanceTimersByTime(ms));
  return { tell, type, wait, set: (value: string) => rerender({ value }), typed: () => result.current[0] };
}

test('what is typed is told once, after a pause', () => {
  const { tell, type, wait } = made();
  type('a');
  wait(60);
  type('ab');
  wait(60);
  expect(tell).not.toHaveBeenCalled();
  wait(60);
  expect(tell.mock.calls).toEqual([['ab']]);
});

test('the echo of what was told takes nothing from what was typed since', () => {
  const { tell, type, wait, set, typed } = made();
  type('ab');
  wait(100);
  type('abc');
  set('ab');
  expect(typed()).toBe('abc');
  wait(100);
  expect(tell).toHaveBeenLastCalledWith('abc');
});

test('what comes from elsewhere takes the place of what is typed', () => {
  const { tell, type, wait, set, typed } = made();
  set('x');
  expect(typed()).toBe('x');
  type('xy');
  set('');
  expect(typed()).toBe('');
  wait(1_000);
  expect(tell).not.toHaveBeenCalled();
});
