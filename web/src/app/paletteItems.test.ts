import { expect, test } from 'vitest';
import { choose, type Item, score } from './paletteItems';

test('every word must occur, and beginnings go first', () => {
  expect(score('ord prod', 'prod orders')).not.toBeNull();
  expect(score('ord stag', 'prod orders')).toBeNull();
  expect(score('db', 'db.yaml')).toBeLessThan(score('db', 'orders/db.yaml') ?? 0);
  expect(score('ders', 'orders')).toBeGreaterThan(score('ord', 'orders') ?? 9);
});

const item = (group: Item['group'], label: string, env?: string): Item => ({ id: label, group, label, env });

test('groups keep their order, and namespaces wait until something is typed', () => {
  const all = [item('namespaces', 'orders', 'prod'), item('pages', 'Home'), item('here', 'Edit')];
  expect(choose('', all).map((one) => one.label)).toEqual(['Edit', 'Home']);
  expect(choose('prod or', all).map((one) => one.label)).toEqual(['orders']);
});

test('what the server found is not judged again', () => {
  expect(choose('POOL', [item('entries', 'ns/pool.yaml'), item('entries', '数据库')]).length).toBe(2);
});
