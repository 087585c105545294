import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Live } from './live';

vi.mock('./ready', () => ({
  askReady: () => new Promise((done) => answers.push(() => done({ epoch: 1, revision }))),
}));

interface Opened {
  url: string;
  closed: boolean;
  on: Map<string, (event: { data: string }) => void>;
}

const opened: Opened[] = [];
const answers: (() => void)[] = [];
let hidden = false;
let revision = 7;

beforeEach(() => {
  opened.length = answers.length = 0;
  vi.stubGlobal(
    'EventSource',
    class {
      readonly mine: Opened;
      constructor(url: string) {
        this.mine = { url, closed: false, on: new Map() };
        opened.push(this.mine);
      }
      addEventListener(name: string, act: (event: { data: string }) => void) {
        this.mine.on.set(name, act);
      }
      close() {
        this.mine.closed = true;
      }
    },
  );
  vi.spyOn(document, 'hidden', 'get').mockImplementation(() => hidden);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const turn = () => new Promise((done) => setTimeout(done, 5));
const hide = (yes: boolean) => {
  hidden = yes;
  document.dispatchEvent(new Event('visibilitychange'));
};

test('a page that is hidden and seen again while it connects has one stream', async () => {
  const live = new Live(new QueryClient());
  live.watch({ envs: ['dev'], ns: 'orders', instances: false });
  await turn();
  hide(true);
  hide(false);
  await turn();
  for (const answer of answers) answer();
  await turn();
  expect(opened.filter((one) => !one.closed)).toHaveLength(1);
  live.watch(null);
});

test('a page that is hidden while it connects has none', async () => {
  const live = new Live(new QueryClient());
  live.watch({ envs: ['dev'], ns: 'orders', instances: false });
  await turn();
  hide(true);
  for (const answer of answers) answer();
  await turn();
  expect(opened).toEqual([]);
  live.watch(null);
  hide(false);
});

test('a page that shows two environments reads both again when something was published', async () => {
  vi.useFakeTimers();
  const queries = new QueryClient();
  const read = vi.spyOn(queries, 'invalidateQueries');
  const live = new Live(queries);
  live.watch({ envs: ['dev', 'prod'], ns: undefined, instances: false });
  const answer = async () => {
    answers.splice(0).forEach((one) => void one());
    await vi.advanceTimersByTimeAsync(5_000);
  };
  await answer();
  await answer();
  expect(read).not.toHaveBeenCalled();
  revision = 8;
  await answer();
  await answer();
  expect(read.mock.calls.map(([filter]) => filter?.queryKey)).toEqual([
    ['env', 'dev'],
    ['env', 'prod'],
  ]);
  expect(opened).toEqual([]);
  live.watch(null);
  vi.useRealTimers();
});

test('a revision that changed no entry has the namespaces read again', async () => {
  revision = 7;
  const queries = new QueryClient();
  const live = new Live(queries);
  live.watch({ envs: ['dev'], ns: 'orders', instances: false });
  await turn();
  for (const answer of answers) answer();
  await turn();
  vi.useFakeTimers();
  const read = vi.spyOn(queries, 'invalidateQueries');
  const hear = async (name: string, data: unknown) => {
    opened[0]?.on.get(name)?.({ data: JSON.stringify(data) });
    await vi.advanceTimersByTimeAsync(1_000);
    return read.mock.calls.splice(0).map(([filter]) => filter?.queryKey?.join(' '));
  };
  expect(await hear('checkpoint', { revision: 7 })).toEqual([]);
  expect(await hear('checkpoint', { revision: 8 })).toEqual(['env dev namespaces']);
  expect(await hear('change', { revision: 9, changes: [{ namespace: 'orders', key: 'a' }] })).toContain(
    'env dev ns orders',
  );
  expect(await hear('checkpoint', { revision: 9 })).toEqual([]);
  live.watch(null);
  vi.useRealTimers();
});
