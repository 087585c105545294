import { afterEach, expect, test } from 'vitest';
import { addWalkable, walk } from './hunks';

const removes: (() => void)[] = [];
afterEach(() => {
  for (const remove of removes.splice(0)) remove();
  document.body.replaceChildren();
});

function added(name: string, count: number, seen: string[]) {
  const element = document.body.appendChild(document.createElement('div'));
  const view = { element, count, show: (nth: number) => void seen.push(`${name}${nth}`) };
  removes.push(addWalkable(view));
  return view;
}

test('the walk goes through all comparisons as they stand on the page, and around', () => {
  const seen: string[] = [];
  added('a', 2, seen);
  added('b', 1, seen);
  for (let step = 0; step < 4; step++) walk(1);
  walk(-1);
  expect(seen).toEqual(['a0', 'a1', 'b0', 'a0', 'b0']);
});

test('a comparison of its own begins with its own changes', () => {
  const seen: string[] = [];
  added('a', 2, seen);
  const b = added('b', 2, seen);
  walk(1);
  walk(1, b);
  walk(1, b);
  walk(1, b);
  expect(seen).toEqual(['a0', 'b0', 'b1', 'a0']);
});

test('without comparisons there is nowhere to go', () => {
  expect(walk(1)).toBe(false);
});
