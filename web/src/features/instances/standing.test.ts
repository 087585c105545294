import { expect, test } from 'vitest';
import type { InstanceView } from '../../api/schema';
import { outcomeOf } from './standing';

const instance = (part: object) => part as InstanceView;

test('a change counts as included up to what was applied', () => {
  const runs = instance({ revision: 20, runs: { revision: 18 } });
  expect(outcomeOf(18, runs)).toBe('runs');
  expect(outcomeOf(12, runs)).toBe('includes');
  expect(outcomeOf(21, runs)).toBe('waiting');
});

test('a refusal goes first, and nothing is guessed of those that never spoke', () => {
  expect(outcomeOf(21, instance({ revision: 20, rejected: { revision: 21 } }))).toBe('rejected');
  expect(outcomeOf(3, instance({}))).toBe('unknown');
});
