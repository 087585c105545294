import { act, renderHook } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { writeOnto } from '../../api/namespaces';
import { ProblemError } from '../../api/problem';
import type { NamespaceView } from '../../api/schema';
import { useAttributes } from './attributes';

const namespace = (revision: number, description: string, secret_keys: string[] = []): NamespaceView => ({
  environment: 'dev',
  name: 'orders',
  revision,
  description,
  secret_keys,
  entries: 0,
  bytes: 0,
  last_change: { revision, actor: 'eve', at: '2026-11-23T08:00:00Z' },
});

function form() {
  const { result, rerender } = renderHook(useAttributes, { initialProps: namespace(5, 'Orders') });
  return {
    now: () => result.current,
    comes: rerender,
    type: (text: string) => act(() => result.current.setDescription(text)),
  };
}

test('what somebody else changed is shown where nothing is typed', () => {
  const { now, comes } = form();
  comes(namespace(6, 'All orders', ['*.pem']));
  expect(now()).toMatchObject({ description: 'All orders', patterns: '*.pem', changed: false, moved: false });
});

test('what is typed stays, is told to be behind, and is written onto what it was made from', () => {
  const { now, comes, type } = form();
  type('Orders of the shop');
  comes(namespace(6, 'All orders'));
  expect(now()).toMatchObject({ description: 'Orders of the shop', moved: true });
  expect(now().seen.revision).toBe(5);
  act(() => now().keep());
  expect(now()).toMatchObject({ description: 'Orders of the shop', changed: true, moved: false });
  expect(now().seen.revision).toBe(6);
});

test('what is there now can be taken', () => {
  const { now, comes, type } = form();
  type('Orders of the shop');
  comes(namespace(6, 'All orders'));
  act(() => now().adopt());
  expect(now()).toMatchObject({ description: 'All orders', changed: false, moved: false });
});

test('a publish, and what was saved from here, disturb nobody', () => {
  const { now, comes, type } = form();
  type('Orders of the shop');
  comes(namespace(6, 'Orders'));
  expect(now()).toMatchObject({ description: 'Orders of the shop', changed: true, moved: false });
  comes(namespace(7, 'Orders of the shop'));
  expect(now()).toMatchObject({ changed: false, moved: false });
});

const refusal = ProblemError.of(new Response(null, { status: 412 }), { code: 'precondition_failed' });

test('attributes are written over a publish', async () => {
  const write = vi.fn(async (revision: number) => {
    if (revision < 7) throw refusal;
    return revision;
  });
  expect(await writeOnto(namespace(5, 'Orders'), write, async () => namespace(7, 'Orders'))).toBe(7);
  expect(write.mock.calls).toEqual([[5], [7]]);
});

test('attributes are not written over other attributes', async () => {
  const write = vi.fn(async () => Promise.reject(refusal));
  await expect(writeOnto(namespace(5, 'Orders'), write, async () => namespace(7, 'All orders'))).rejects.toBe(
    refusal,
  );
  expect(write).toHaveBeenCalledOnce();
});
