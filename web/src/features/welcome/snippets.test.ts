import { expect, test } from 'vitest';
import { addressOf, snippets } from './snippets';

const filling = {
  address: 'https://pintle.example.com/p',
  env: 'dev',
  ns: 'hello',
  key: "a b/it's.yaml",
  token: 'pintle_secret',
};

test('segments of a key stay segments, and nothing ends a quoted text', () => {
  expect(addressOf(filling)).toBe(
    'https://pintle.example.com/p/api/v1/environments/dev/namespaces/hello/entries/a%20b/it%27s.yaml?raw',
  );
});

test('every program has the address and the token in it', () => {
  const all = snippets(filling);
  expect(all.length).toBeGreaterThanOrEqual(7);
  for (const { id, code, run = '' } of all) {
    expect(code, id).toContain(id === 'agent' ? filling.address : addressOf(filling));
    expect(code + run, id).toContain(filling.token);
  }
});
