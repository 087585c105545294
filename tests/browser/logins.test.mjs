// Logins and their cookies, by every way that a browser may come.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { World, browser, call, freePort, logIn, logOut, loggedIn, otherAddress, profile, sessions } from './support.mjs';

let chrome;
before(async () => { chrome = await browser(); });
after(() => chrome.close());

/** A test with a world of its own. */
function told(name, body) {
  test(name, async () => {
    const world = new World();
    try {
      await body(world);
    } finally {
      await world.end();
    }
  });
}

/** Logs in at an address, sees the cookie, and logs out. */
async function throughLoginAndOut(world, url, secure) {
  const { context, page } = await profile(world, chrome);
  await page.goto(url);
  await page.locator('#login').waitFor();
  const readable = !secure && !/^(127\.|localhost$)/.test(new URL(url).hostname);
  assert.equal(await page.locator('#plain').isVisible(), readable, 'the banner says when others can read it on the way');
  await logIn(page, 'admin', 'wrong');
  await page.locator('#error').getByText('Name or password is wrong').waitFor();
  await logIn(page);
  await loggedIn(page);
  const [cookie, ...others] = await sessions(context);
  assert.deepEqual(others, []);
  assert.match(cookie.name, secure ? /^__Host-pintle-session-[0-9a-f]{8}$/ : /^pintle-session-[0-9a-f]{8}$/);
  assert.deepEqual(
    [cookie.httpOnly, cookie.secure, cookie.sameSite, cookie.path, cookie.expires],
    [true, secure, 'Strict', '/', -1],
  );
  assert.equal(await page.evaluate(() => document.cookie), '');
  await page.reload();
  await loggedIn(page);
  assert.equal((await call(page, 'GET', 'access/me')).body.user, 'admin');
  await logOut(page);
  assert.deepEqual(await sessions(context), []);
  assert.equal((await call(page, 'GET', 'access/me')).status, 401);
  return { context, page };
}

/** A native EventSource, which can send no header, gets what is published. */
async function throughEvents(page) {
  await call(page, 'PUT', 'environments/dev', {});
  await call(page, 'PUT', 'environments/dev/namespaces/orders', {});
  await page.evaluate(() => {
    const source = new EventSource(`${document.body.dataset.base}/api/v1/watch?env=dev&namespace=orders`);
    window.heard = [];
    for (const kind of ['snapshot', 'change', 'checkpoint']) {
      source.addEventListener(kind, (event) => window.heard.push([kind, event.data]));
    }
  });
  await page.waitForFunction(() => window.heard.some(([kind]) => kind === 'snapshot'));
  const change = { env: 'dev', namespace: 'orders', key: 'a.txt', op: 'put', content: 'from the browser' };
  const published = await call(page, 'POST', 'publish', { message: 'm', changes: [change] });
  assert.equal(published.status, 200, JSON.stringify(published));
  await page.waitForFunction(() => window.heard.some(([kind, data]) => kind === 'change' && data.includes('a.txt')));
}

/** A login that ends leads back to the page where it ended; whoever is logged in is not asked again. */
async function throughReturn(page, url) {
  await page.goto(`${url}/environments?kept=12`);
  await loggedIn(page);
  await page.context().clearCookies();
  await page.reload();
  await page.locator('#login').waitFor();
  await logIn(page);
  await page.waitForURL(`${url}/environments?kept=12`);
  await loggedIn(page);
  await page.goto(`${url}/login`);
  await page.waitForURL(`${url}/`);
  await page.goto(`${url}/login?next=${encodeURIComponent('//evil.example/')}`);
  await page.waitForURL(`${url}/`);
  await loggedIn(page);
}

told('over http on loopback a person logs in, follows events and logs out', async (world) => {
  const { url } = await world.pintle();
  const { page } = await throughLoginAndOut(world, url, false);
  await logIn(page);
  await loggedIn(page);
  await throughEvents(page);
  await throughReturn(page, url);
});

told('over http by localhost it works as well where no public address was set', async (world) => {
  const { url } = await world.pintle();
  await throughLoginAndOut(world, url.replace('127.0.0.1', 'localhost'), false);
});

told('over http by another address it works only when the server was told to be open', async (world) => {
  const address = otherAddress();
  assert.ok(address, 'this machine has no address but loopback');
  const { url } = await world.pintle(['--listen', `${address}:0`, '--insecure']);
  await throughLoginAndOut(world, url, false);
});

told('over https the cookie is for this host alone', async (world) => {
  const { cert, key } = world.certificate();
  const { url } = await world.pintle(['--tls-cert', cert, '--tls-key', key]);
  const { page } = await throughLoginAndOut(world, url, true);
  await logIn(page);
  await loggedIn(page);
  await throughEvents(page);
});

told('https may end at a proxy that serves it below a path', async (world) => {
  const port = await freePort();
  const proxied = `https://127.0.0.1:${port}/pintle`;
  const { url } = await world.pintle(['--behind-proxy', '127.0.0.1', '--public-url', proxied]);
  await world.proxy(port, new URL(url).host);
  const { page } = await throughLoginAndOut(world, `${proxied}/`, true);
  await logIn(page);
  await loggedIn(page);
  await throughEvents(page);
  await throughReturn(page, proxied);
});

told('a one-time password is replaced on the page', async (world) => {
  const { url, database } = await world.pintle();
  const reset = world.command(['admin', 'reset', 'admin'], { DATABASE_URL: database });
  assert.equal(await reset.ended, 0, reset.err);
  const [oneTime] = /([0-9a-f]{5}-){5}[0-9a-f]{5}/.exec(reset.out);
  const { page } = await profile(world, chrome);
  await page.goto(url);
  await logIn(page, 'admin', oneTime);
  await page.fill('#new-password', 'another horse and staple');
  await page.fill('#again', 'not the same');
  await page.click('#submit');
  await page.locator('#error').getByText('not the same').waitFor();
  await page.fill('#again', 'another horse and staple');
  await page.click('#submit');
  await loggedIn(page);
});

told('sessions are shown, and ended one by one or all at once', async (world) => {
  const { url } = await world.pintle();
  const [one, two] = [await profile(world, chrome), await profile(world, chrome)];
  for (const { page } of [one, two]) {
    await page.goto(url);
    await logIn(page);
    await loggedIn(page);
  }
  await one.page.goto(`${url}/account`);
  await loggedIn(one.page);
  const rows = one.page.locator('#sessions tbody tr');
  await rows.nth(1).waitFor();
  assert.equal(await rows.count(), 2);
  await rows.getByRole('button', { name: 'End' }).click();
  await rows.nth(1).waitFor({ state: 'detached' });
  await two.page.reload();
  await two.page.locator('#login').waitFor();
  await logIn(two.page);
  await loggedIn(two.page);
  await one.page.reload();
  await rows.nth(1).waitFor();
  await one.page.click('#others');
  await rows.nth(1).waitFor({ state: 'detached' });
  await two.page.reload();
  await two.page.locator('#login').waitFor();
});

told('two servers on one host do not log each other out', async (world) => {
  const [first, second] = [await world.pintle(), await world.pintle()];
  const { context, page } = await profile(world, chrome);
  for (const { url } of [first, second]) {
    await page.goto(url);
    await logIn(page);
    await loggedIn(page);
  }
  const names = (await sessions(context)).map((cookie) => cookie.name);
  assert.equal(new Set(names).size, 2, names.join());
  await logOut(page);
  await page.goto(first.url);
  await loggedIn(page);
});

told('another site can neither write, read nor log in with the cookie of a person', async (world) => {
  const { url } = await world.pintle();
  const { context, page } = await profile(world, chrome);
  await page.goto(url);
  await logIn(page);
  await loggedIn(page);
  const evil = await world.site({
    '/form': `<form id=f method=post enctype=text/plain action="${url}/api/v1/publish">
      <input name='{"message":"x","changes":[{"env":"dev","namespace":"orders","key":"a","op":"delete"}],"a":"' value='"}'></form>
      <script>f.submit()</script>`,
    '/login': `<form id=f method=post enctype=text/plain action="${url}/api/v1/session">
      <input name='{"name":"admin","password":"correct horse battery staple","cookie":true,"a":"' value='"}'></form>
      <script>f.submit()</script>`,
    '/fetch': '<p>evil</p>',
    '/frame': `<iframe id=f src="${url}/"></iframe>`,
  });
  const foreign = await context.newPage();
  for (const path of ['/form', '/login']) {
    const answered = foreign.waitForResponse((response) => response.url().startsWith(url));
    await foreign.goto(evil + path);
    const status = (await answered).status();
    assert.ok([400, 401, 403].includes(status), `${path}: ${status}`);
  }
  await foreign.goto(`${evil}/fetch`);
  const outcomes = await foreign.evaluate(async (url) => {
    const tries = [
      ['GET', 'access/me', undefined, undefined, 'cors'],
      ['POST', 'publish', 'application/json', '{}', 'cors'],
      ['POST', 'publish', 'text/plain', '{}', 'no-cors'],
      ['DELETE', 'session', undefined, undefined, 'cors'],
    ];
    return Promise.all(tries.map(([method, path, type, body, mode]) => fetch(`${url}/api/v1/${path}`, {
      method, body, mode, credentials: 'include', headers: type ? { 'content-type': type } : {},
    }).then((answer) => answer.type, () => 'refused')));
  }, url);
  assert.deepEqual(outcomes, ['refused', 'refused', 'refused', 'refused']);
  await foreign.goto(`${evil}/frame`);
  assert.equal(await foreign.frameLocator('#f').locator('#login').count(), 0, 'it is shown in no frame of others');
  await page.reload();
  await loggedIn(page);
  assert.equal((await sessions(context)).length, 1);
});

told('the cookie is not even sent when another site asks', async (world) => {
  const { url } = await world.pintle();
  const { context, page } = await profile(world, chrome);
  await page.goto(url);
  await logIn(page);
  await loggedIn(page);
  const evil = await world.site({ '/': `<a id=a href="${url}/api/v1/access/me">go</a>` });
  const foreign = await context.newPage();
  await foreign.goto(evil);
  const answered = foreign.waitForResponse((response) => response.url().includes('/access/me'));
  await foreign.click('#a');
  assert.equal((await answered).status(), 401);
});
