// The list of instances where there are 5,000 of them: how soon it is there, whether the keyboard reaches the last one, how it is
// narrowed, and whether it can be used while the server tells of all of them within a second and 1,000 report.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { abreast, enlist } from './fleet.mjs';
import { Caller } from './seed.mjs';
import { World, browser, logIn, loggedIn, profile, until } from './support.mjs';
import { keysTook, quantile, timeKeys } from './timing.mjs';

const ALL = 5_000;
const REPORTING = 1_000;
/** As many elements as a page may have, however long its list is. */
const NODES = 3_000;
const LIST = 'environments/prod/instances';
const PATIENCE = { timeout: 120_000 };

const the = {};
const idOf = (nth) => `node-${String(nth).padStart(4, '0')}/orders`;

/** The most of some instants that lie within so many milliseconds of each other. */
function mostWithin(instants, span) {
  let [from, most] = [0, 0];
  for (const [to, at] of instants.entries()) {
    while (instants[from] < at - span) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

before(async () => {
  the.chrome = await browser();
  the.world = new World();
  const { url } = await the.world.pintle();
  the.url = url;
  the.admin = await Caller.logIn(url);
  await the.admin.call('PUT', 'environments/prod', { tier: 'prod', message: 'one' });
  await the.admin.call('PUT', 'environments/prod/namespaces/orders', { message: 'one' });
  const put = { env: 'prod', namespace: 'orders', key: 'a.yaml', op: 'put' };
  const { revision: older } = await the.admin.publish('the older one', [{ ...put, content: 'a: 1\n', if_revision: 0 }]);
  const { revision: newest } = await the.admin.publish('the newest one', [{ ...put, content: 'a: 2\n', if_revision: older }]);
  const { epoch } = await (await fetch(`${url}/readyz`)).json();
  Object.assign(the, { epoch, older, newest });
  const begun = performance.now();
  // Every tenth is behind; those that report later are among the others.
  await enlist(the.world, the.admin, 'prod', ALL, 100, (nth) => ({
    id: idOf(nth),
    declared: { service: `part-${nth % 20}`, namespaces: ['orders'], labels: { zone: `zone-${nth % 3}` }, version: '2.14.0', agent: '0.1.0' },
    receipts: [{ epoch, revision: nth % 10 === 0 ? older : newest, stage: 'applied' }],
  }));
  console.log(`${ALL} instances were there after ${Math.round(performance.now() - begun)} ms`);
}, { timeout: 300_000 });
after(async () => {
  await the.world?.end();
  await the.chrome?.close();
});

/** What leads to an instance in its row. */
const row = (page, nth) => page.getByRole('table', { name: 'Instances' }).getByRole('link', { name: idOf(nth), exact: true });
const ids = (page) => page.getByRole('table', { name: 'Instances' }).locator('tbody a[href*="/instances/"]').allTextContents();
const elements = (page) => page.evaluate(() => document.querySelectorAll('*').length);

/** Moves on by Tab until the keyboard is on something. */
async function tabTo(page, what) {
  for (let turn = 0; turn < 100; turn++) {
    await page.keyboard.press('Tab');
    if (await what.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`the keyboard does not reach ${what}`);
}

/** The list, with its first rows. */
async function open(prepare = async () => {}) {
  const { context, page } = await profile(the.world, the.chrome);
  await page.setViewportSize({ width: 1440, height: 900 });
  await prepare(page);
  await page.goto(`${the.url}/login`);
  await logIn(page);
  await loggedIn(page);
  const begun = performance.now();
  await page.goto(`${the.url}/e/prod/instances`);
  await row(page, 0).waitFor();
  return { context, page, took: performance.now() - begun };
}

test('5,000 instances are listed soon, in a page that stays small, and the keyboard reaches the last one', PATIENCE, async () => {
  const { context, page, took } = await open();
  console.log(`the first rows of ${ALL} instances were there after ${Math.round(took)} ms`);
  assert.ok(took < 5_000, `${took} ms`);
  await page.getByRole('heading', { name: `${ALL} instances` }).waitFor();
  // The end of the page is one key away, and the way on from there as well.
  await page.keyboard.press('End');
  await row(page, 49).waitFor();
  await until('the last row is in sight', () => row(page, 49).evaluate((link) => link.getBoundingClientRect().bottom <= innerHeight));
  const seen = new Set(await ids(page));
  let most = await elements(page);
  for (let turn = 1; turn <= 8; turn++) {
    await page.keyboard.press('n');
    await row(page, turn * 50).waitFor();
    for (const id of await ids(page)) seen.add(id);
    most = Math.max(most, await elements(page));
  }
  console.log(`at most ${most} elements in the page`);
  assert.ok(most <= NODES, `${most} elements`);
  assert.equal(seen.size, 9 * 50, 'no row is left out between two pages');
  // Far away by what the ids begin with.
  const from = page.getByLabel('Ids after');
  await from.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('node-49');
  await row(page, 4_900).waitFor();
  await page.getByRole('link', { name: 'Next page' }).focus();
  await page.keyboard.press('Enter');
  await row(page, ALL - 1).waitFor();
  await until('the keyboard is on the way back', () => page.evaluate(() => document.activeElement?.textContent === 'First page'));
  await page.keyboard.press('Enter');
  await row(page, 0).waitFor();
  await context.close();
});

test('5,000 instances are narrowed to those that differ and to those of a service', PATIENCE, async () => {
  const { context, page } = await open();
  await tabTo(page, page.getByRole('link', { name: /^Only those that differ/ }));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: `${ALL / 10} instances` }).waitFor();
  await row(page, 1).waitFor({ state: 'detached' });
  assert.match(page.url(), /state=drifted/);
  await page.getByLabel('Service').focus();
  await page.keyboard.type('part-10');
  const { summary } = await the.admin.call('GET', `${LIST}?summary=true&limit=1&state=drifted&service=part-10`);
  assert.equal(summary.total, ALL / 20);
  await page.getByRole('heading', { name: `${summary.total} instances` }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: `${summary.total} instances` }).waitFor();
  await page.getByLabel('Service').focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('nothing like it');
  await page.getByText('No instance passes this filter').waitFor();
  await context.close();
});

test('while all instances are told of at once and 1,000 report, the page can be used, and then it says what the API says', PATIENCE, async () => {
  const { context, page } = await open((page) => page.addInitScript(() => {
    // What the page hears of instances, and when.
    window.heard = [];
    const listen = EventSource.prototype.addEventListener;
    EventSource.prototype.addEventListener = function (name, act) {
      listen.call(this, name, name !== 'instance' ? act : (event) => { window.heard.push(performance.now()); act(event); });
    };
  }));
  await page.getByRole('status').filter({ hasText: /^live$/ }).waitFor();
  const heard = () => page.evaluate(() => window.heard);
  // A stream begins with all that there are.
  await until('all instances were heard', async () => (await heard()).length >= ALL);
  await page.evaluate(() => {
    window.heard.length = 0;
    window.tasks = [];
    new PerformanceObserver((list) => { for (const one of list.getEntries()) window.tasks.push(one.duration); }).observe({ type: 'longtask' });
  });
  await timeKeys(page);
  await page.getByLabel('Service').focus();
  // A change is told of every instance at once; then some of them refuse it, each by itself.
  const put = { env: 'prod', namespace: 'orders', key: 'a.yaml', op: 'put', content: 'a: 3\n', if_revision: the.newest };
  const { revision } = await the.admin.publish('the third one', [put]);
  const receipts = [{ epoch: the.epoch, revision, stage: 'rejected', reason: 'no room' }];
  let busy = true;
  const begun = performance.now();
  const reports = abreast(REPORTING, 100, (nth) => the.admin.call('POST', `${LIST}/${encodeURIComponent(idOf(nth * 3))}/receipts`, { receipts }))
    .finally(() => { busy = false; });
  let typed = 0;
  for (; busy || typed < 40 || typed % 2 === 1; typed++) await page.keyboard.press(typed % 2 === 0 ? 'p' : 'Backspace', { delay: 20 });
  await reports;
  const last = performance.now();
  const { summary } = await the.admin.call('GET', `${LIST}?summary=true&limit=1`);
  assert.equal(summary.states.rejected, REPORTING);
  for (const [state, word] of Object.entries({ in_sync: 'in sync', behind: 'behind', rejected: 'rejected', unknown: 'unknown' })) {
    const shown = page.getByRole('link', { name: new RegExp(`^${word} \\d`) });
    await until(`it says how many are ${word}`, async () => (summary.states[state] === 0 ? (await shown.count()) === 0 : (await shown.textContent()) === `${word} ${summary.states[state]}`));
  }
  await page.getByRole('link', { name: `Only those that differ from what they should run ${summary.drifted}` }).waitFor();
  const figures = {
    reports_ms: Math.round(last - begun), right_after_ms: Math.round(performance.now() - last), most_events_in_a_second: mostWithin(await heard(), 1_000),
    key_to_frame_p95_ms: Math.round(quantile(await keysTook(page, typed), 0.95)), longest_task_ms: Math.round(Math.max(0, ...(await page.evaluate(() => window.tasks)))),
  };
  console.log('instances', JSON.stringify(figures));
  assert.ok(figures.most_events_in_a_second >= REPORTING, 'there was something to bear');
  assert.ok(figures.key_to_frame_p95_ms <= 250, `${figures.key_to_frame_p95_ms} ms from a key to its frame`);
  assert.ok(figures.right_after_ms <= 10_000, `${figures.right_after_ms} ms until it was right`);
  await context.close();
});
