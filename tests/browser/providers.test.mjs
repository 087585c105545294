// Logins at a real provider, which is another site, and logins of a terminal by the browser.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { World, asAdmin, browser, call, freePort, logIn, logOut, loggedIn, profile, sessions, sql, until } from './support.mjs';

let chrome;
before(async () => { chrome = await browser(); });
after(() => chrome.close());

/** A console with a provider, whose group `Platform Team` may read everything. */
function told(name, body) {
  test(name, async () => {
    const world = new World();
    try {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const issuer = await world.provider(`${url}/api/v1/session/oidc/corp/callback`);
      const { database } = await world.pintle(['--listen', `127.0.0.1:${port}`]);
      await asAdmin(url, 'PUT', 'identity-providers/corp', {
        issuer, client_id: 'pintle', client_secret: 'the secret of pintle there', scopes: ['profile', 'groups'],
        groups_claim: 'groups', groups: { 'Platform Team': 'platform' },
      });
      sql(database, `SELECT change_access(NULL, '{}', jsonb_build_array(jsonb_build_object('op', 'grant', 'id', gen_random_uuid(),
        'group_name', 'platform', 'role', 'viewer', 'environment', '*', 'namespace', '*', 'key_prefix', '', 'event', '{}'::jsonb)))`);
      await body(world, url);
    } finally {
      await world.end();
    }
  });
}

/** Logs in on the pages of the provider, and lets it tell. */
async function atProvider(page, name) {
  await page.fill('input[name=login]', name);
  await page.fill('input[name=password]', 'any');
  await page.click('button[type=submit]');
  await page.getByRole('button', { name: 'Continue' }).click();
}

told('a person logs in at the provider and has what its groups hold', async (world, url) => {
  const { context, page } = await profile(world, chrome);
  await page.goto(url);
  await page.getByRole('link', { name: 'Log in with corp' }).click();
  await atProvider(page, 'vera');
  await loggedIn(page, 'vera');
  assert.equal(page.url(), `${url}/`);
  assert.equal((await sessions(context))[0].sameSite, 'Strict');
  assert.equal((await context.cookies()).filter((cookie) => cookie.name.includes('pintle-login-')).length, 0);
  const me = await call(page, 'GET', 'access/me');
  assert.deepEqual(me.body.grants.map((grant) => grant.role), ['viewer']);
  await logOut(page);
});

told('the way back is good once, in the browser that went, and from that provider only', async (world, url) => {
  const { page } = await profile(world, chrome);
  // Playwright lets redirects pass, the browser itself does not have to.
  const inside = await page.context().newCDPSession(page);
  let way;
  inside.on('Fetch.requestPaused', ({ requestId, request }) => {
    way = request.url;
    return inside.send('Fetch.failRequest', { requestId, errorReason: 'Aborted' });
  });
  await inside.send('Fetch.enable', { patterns: [{ urlPattern: '*/callback?*' }] });
  await page.goto(url);
  await page.getByRole('link', { name: 'Log in with corp' }).click();
  await atProvider(page, 'vera').catch(() => {});
  await until('the provider sends the browser back', () => way);
  await inside.send('Fetch.disable');
  assert.ok(new URL(way).searchParams.get('iss'), 'it says who it is');

  const other = await profile(world, chrome);
  await other.page.goto(way);
  await other.page.getByText('was not begun in this browser').waitFor();
  const mixed = new URL(way);
  mixed.searchParams.set('iss', 'https://evil.example');
  const answer = await page.request.get(mixed.href, { maxRedirects: 0 });
  assert.equal(answer.status(), 403);
  assert.match(await answer.text(), /another issuer/);
  await page.goto(way);
  await page.getByText('was not begun in this browser').waitFor();
  await page.goto(url);
  await page.locator('#login').waitFor();
});

told('a way back that was gone already leads nowhere', async (world, url) => {
  const { page } = await profile(world, chrome);
  let way;
  page.on('request', (request) => { if (request.url().includes('/callback?')) way = request.url(); });
  await page.goto(url);
  await page.getByRole('link', { name: 'Log in with corp' }).click();
  await atProvider(page, 'vera');
  await loggedIn(page, 'vera');
  await page.goto(way);
  await page.getByText('was not begun in this browser').waitFor();
});

/** The address that `pintle login` prints. */
async function address(run) {
  return until('the address is printed', () => /(http:\/\/\S+\/cli\?\S+)/.exec(run.err)?.[1]);
}

told('pintle login goes on in the browser and ends logged in', async (world, url) => {
  const run = world.command(['login', '--server', url], { BROWSER: 'true' });
  const { page } = await profile(world, chrome);
  await page.goto(await address(run));
  await page.getByRole('link', { name: 'Log in with corp' }).click();
  await atProvider(page, 'vera');
  await page.getByRole('button', { name: 'Log the terminal in' }).click();
  await page.getByText('You are logged in. You can close this page').waitFor();
  assert.equal(await run.ended, 0, run.err);
  assert.match(run.err, /logged in to .* as vera/);
  const who = world.command(['whoami', '--server', url]);
  assert.equal(await who.ended, 0, who.err);
  assert.match(who.out, /^vera on /);
  const out = world.command(['logout', '--server', url]);
  assert.equal(await out.ended, 0, out.err);
  await page.goto(url);
  await loggedIn(page, 'vera');
});

told('pintle login goes straight to a provider that it names, and takes a code where there is no browser', async (world, url) => {
  const run = world.command(['login', '--server', url, '--no-browser', '--provider', 'corp']);
  const { page } = await profile(world, chrome);
  await page.goto(await address(run));
  await atProvider(page, 'vera');
  await page.getByRole('button', { name: 'Log the terminal in' }).click();
  await page.getByText('Give it to nobody').waitFor();
  const code = await page.locator('#text').textContent();
  run.child.stdin.end(`${code}\n`);
  assert.equal(await run.ended, 0, run.err);
  assert.match(run.err, /as vera/);
});

told('a person who logs in with a password lets a terminal in as well, and a wrong code does not', async (world, url) => {
  const run = world.command(['login', '--server', url, '--no-browser']);
  const { page } = await profile(world, chrome);
  await page.goto(await address(run));
  await logIn(page);
  await page.getByRole('button', { name: 'Log the terminal in' }).click();
  await page.locator('#text').waitFor();
  run.child.stdin.end('not-the-code\n');
  assert.equal(await run.ended, 4, run.err);
  assert.match(run.err, /the code is not good/);
});
