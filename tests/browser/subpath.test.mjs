// The console below a path of a proxy: a change from the editor to the publish, every kind of page, and that each opens by its address.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Caller } from './seed.mjs';
import { add, button, live } from './steps.mjs';
import { World, browser, freePort, logIn, loggedIn, profile } from './support.mjs';
import { settled } from './walk.mjs';

const at = { env: 'prod', namespace: 'orders', key: 'a.yaml' };
const ns = '/e/prod/n/orders';
const PAGES = {
  '/': 'Home',
  '/e/prod': 'Namespaces',
  [ns]: 'orders',
  [`${ns}/k/a.yaml`]: 'a.yaml',
  [`${ns}/edit/a.yaml`]: 'Edit a.yaml',
  [`${ns}/history`]: 'orders',
  '/e/prod/instances': 'Instances',
  '/audit': 'Audit',
  '/access': 'Access',
};

const the = {};
before(async () => {
  the.chrome = await browser();
  the.world = new World();
  const port = await freePort();
  the.url = `https://127.0.0.1:${port}/pintle`;
  const { url } = await the.world.pintle(['--behind-proxy', '127.0.0.1', '--public-url', the.url]);
  await the.world.proxy(port, new URL(url).host);
  the.admin = await Caller.logIn(url);
  await the.admin.call('PUT', 'environments/prod', { tier: 'prod', message: 'one' });
  await the.admin.call('PUT', 'environments/prod/namespaces/orders', { message: 'one' });
  await the.admin.publish('the first one', [{ ...at, op: 'put', content: 'a: 1\n', if_revision: 0 }]);
});
after(async () => {
  await the.world?.end();
  await the.chrome?.close();
});

/** A page of the admin that fails when it asks for anything that is not below the path. */
async function open() {
  const { context, page } = await profile(the.world, the.chrome);
  const elsewhere = [];
  page.on('request', (request) => { if (!request.url().startsWith(`${the.url}/`) && !request.url().startsWith('data:')) elsewhere.push(request.url()); });
  await page.goto(`${the.url}/`);
  await logIn(page);
  await loggedIn(page);
  const end = async () => {
    await context.close();
    assert.deepEqual(elsewhere, []);
  };
  return { page, end };
}

test('a change is edited, reviewed and published below a path', { timeout: 120_000 }, async () => {
  const { page, end } = await open();
  const link = async (name) => page.getByRole('main').getByRole('link', { name, exact: true }).first().click();
  await page.getByRole('navigation').getByRole('link', { name: 'Configuration' }).click();
  await link('orders');
  await link('a.yaml');
  await page.waitForURL(`${the.url}${ns}/k/a.yaml`);
  await page.getByRole('main').getByRole('link', { name: 'Edit' }).click();
  await add(page, 'below: true');
  assert.equal((await live(the.admin, at)).content, 'a: 1\n', 'a draft is not live');
  await page.keyboard.press('Control+Enter');
  await page.waitForURL(`${the.url}${ns}/review`);
  await page.getByText('below: true').first().waitFor();
  await page.getByLabel('Message').fill('below a path');
  await page.getByLabel('Type prod to confirm').fill('prod');
  await button(page, 'Publish').click();
  await page.getByText(/^r\d+ is live$/).waitFor();
  assert.equal((await live(the.admin, at)).content, 'a: 1\nbelow: true\n');
  // What is told of comes through the proxy as well.
  await page.goto(`${the.url}${ns}`);
  await page.getByRole('status').filter({ hasText: /^live$/ }).waitFor();
  await the.admin.publish('another', [{ ...at, key: 'b.yaml', op: 'put', content: 'b: 1\n', if_revision: 0 }]);
  await page.getByRole('link', { name: 'b.yaml' }).first().waitFor();
  await end();
});

test('every kind of page below a path opens by its address, and a missing asset is missing', { timeout: 120_000 }, async () => {
  const { page, end } = await open();
  for (const [path, title] of Object.entries(PAGES)) {
    await page.goto(the.url + path);
    for (const again of [false, true]) {
      if (again) await page.reload();
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      await settled(page);
      assert.equal(page.url(), the.url + path);
    }
    const away = await page.evaluate((base) => [...document.querySelectorAll('a[href]')].map((one) => one.getAttribute('href')).filter((to) => !to.startsWith(`${base}/`) && !to.startsWith('#')), '/pintle');
    assert.deepEqual(away, [], `${path} leads nowhere else`);
  }
  const statuses = await page.evaluate(async () => {
    const [script] = document.querySelectorAll('script[src]');
    const there = new URL(script.src);
    const missing = new URL('nothing-00000000.js', there);
    return Promise.all([there, missing].map(async (one) => (await fetch(one)).status));
  });
  assert.deepEqual(statuses, [200, 404]);
  await end();
});
