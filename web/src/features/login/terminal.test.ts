import { expect, test } from 'vitest';
import { callback, terminalRequest } from './terminal';

const challenge = 'a'.repeat(43);

test('a request with or without a port is understood', () => {
  expect(terminalRequest({ challenge, state: 's-1' })).toMatchObject({ port: null });
  const request = terminalRequest({ challenge, state: 's-1', port: '4711', provider: 'corp' });
  expect(request).toEqual({ challenge, state: 's-1', port: 4711, provider: 'corp' });
  expect(request && callback(request, 'a+b')).toBe('http://127.0.0.1:4711/callback?code=a%2Bb&state=s-1');
});

test('what is not complete or leads elsewhere is refused', () => {
  for (const bad of [
    {},
    { challenge },
    { challenge: 'short', state: 's' },
    { challenge, state: 'a b' },
    { challenge, state: 's', port: '' },
    { challenge, state: 's', port: '70000' },
    { challenge, state: 's', port: '80@evil.example' },
  ])
    expect(terminalRequest(bad)).toBe(null);
});
