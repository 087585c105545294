import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Live } from './live';

vi.mock('./ready', () => ({
  askReady: () => new Promise((done) => answers.push(() => done({ epoch: 1, revision: 7 }))),
}));

const opened: { url: string; closed: boolean }[] = [];
const answers: (() => void)[] = [];
let hidden = false;

beforeEach(() => {
  opened.length = answers.length = 0;
  vi.stubGlobal(
    'EventSource',
    class {
      readonly mine: { url: string; closed: boolean };
      constructor(url: string) {
        this.mine = { url, closed: false };
        opened.push(this.mine);
      }
      addEventListener() {}
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
  live.watch({ env: 'dev', ns: 'orders', instances: false });
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
  live.watch({ env: 'dev', ns: 'orders', instances: false });
  await turn();
  hide(true);
  for (const answer of answers) answer();
  await turn();
  expect(opened).toEqual([]);
  live.watch(null);
  hide(false);
});
