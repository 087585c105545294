// What people do with the console: change, conflict, roll back, be denied, begin, and mend in a hurry. By mouse.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Caller } from './seed.mjs';
import { PATIENCE, add, as, button, editor, line, live } from './steps.mjs';
import { PASSWORD, World, logIn, loggedIn, profile, until } from './support.mjs';

const ORDERS = { env: 'dev', namespace: 'orders.worker', key: 'application.yaml' };

export function flows(the) {
  test('A: a change is edited, reviewed and published, and nothing goes live before', PATIENCE, async () => {
    const at = { env: 'prod', namespace: 'orders.api', key: 'application.yaml' };
    const before = await live(the.admin, at);
    const { context, page } = await as(the, 'ada', `/e/${at.env}/n/${at.namespace}/k/${at.key}`);
    await page.getByText('service: "orders.api"').first().waitFor();
    await page.keyboard.press('e');
    await add(page, 'added_by_ada: true');
    assert.equal((await live(the.admin, at)).content, before.content, 'a draft is not live');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('heading', { name: 'Review and publish' }).waitFor();
    assert.match(await page.title(), /prod .*Production/);
    await page.getByText('added_by_ada').first().waitFor();
    const publish = button(page, 'Publish');
    await publish.click();
    assert.equal((await live(the.admin, at)).revision, before.revision, 'production wants a message and its name');
    await page.getByLabel('Message').fill('ada adds a setting');
    await page.getByLabel('Type prod to confirm').fill('prod');
    await publish.click();
    await page.getByText(/^r\d+ is live$/).waitFor();
    const after = await live(the.admin, at);
    assert.equal(after.content, `${before.content}added_by_ada: true\n`);
    assert.equal(after.actor, 'ada');
    await context.close();
  });

  test('two editors: the second sees both texts, and nothing is lost', PATIENCE, async () => {
    const at = { env: 'dev', namespace: 'orders.jobs', key: 'short.yaml' };
    await the.admin.publish('short', [{ ...at, op: 'put', content: 'a: 1\nb: 2\nc: 3\nd: 4\n', if_revision: 0 }]);
    const { context, page } = await as(the, 'ada', `/e/dev/n/${at.namespace}/edit/${at.key}`);
    await add(page, 'from_ada: 1');
    const now = await live(the.admin, at);
    await the.admin.publish('faster', [{ ...at, op: 'put', content: `first_line: 0\n${now.content}`, if_revision: now.revision }]);
    await page.keyboard.press('Control+Enter');
    await page.getByText('first_line: 0').first().waitFor();
    await page.getByText('from_ada: 1').first().waitFor();
    await button(page, 'Use the merged text').click();
    await page.getByLabel('Message').fill('both');
    await button(page, 'Publish').click();
    await page.getByText(/^r\d+ is live$/).waitFor();
    const { content } = await live(the.admin, at);
    assert.match(content, /^first_line: 0\n/);
    assert.match(content, /from_ada: 1\n$/);
    await context.close();
  });

  test('a draft survives a reload and is there in another browser', PATIENCE, async () => {
    const at = `/e/dev/n/orders.web/edit/application.yaml`;
    const { context, page } = await as(the, 'ada', at);
    await add(page, 'half_written: [1, 2');
    await page.reload();
    await line(page, 'half_written: [1, 2').waitFor();
    const other = await as(the, 'ada', at);
    await line(other.page, 'half_written: [1, 2').waitFor();
    await add(other.page, '  , 3]');
    await page.reload();
    await line(page, ', 3]').waitFor();
    await context.close();
    await other.context.close();
  });

  test('an edit between the review and the publish is never published unseen', PATIENCE, async () => {
    const at = { ...ORDERS, namespace: 'orders.gateway' };
    const { context, page } = await as(the, 'ada', `/e/dev/n/${at.namespace}/edit/${at.key}`);
    await add(page, 'reviewed: true');
    await page.keyboard.press('Control+Enter');
    await page.getByText('reviewed: true').first().waitFor();
    await page.getByLabel('Message').fill('what I saw');
    const ada = await Caller.logIn(the.url, 'ada');
    const [{ id }] = (await ada.call('GET', `drafts?env=dev&namespace=${at.namespace}&owner=ada`)).drafts;
    const draft = await ada.call('GET', `drafts/${id}`);
    const [{ if_revision, content }] = draft.changes;
    await ada.call('PATCH', `drafts/${id}`, { put: [{ namespace: at.namespace, key: at.key, op: 'put', content: `${content}unseen: true\n`, if_revision }] }, { 'if-match': `"${draft.hash}"` });
    const before = await live(the.admin, at);
    await button(page, 'Publish').click();
    await page.getByText('unseen: true').first().waitFor();
    assert.equal((await live(the.admin, at)).revision, before.revision);
    await context.close();
  });

  test('C: a rollback takes three clicks from the history, keeps the draft and can be undone', PATIENCE, async () => {
    const at = { ...ORDERS, namespace: 'orders.worker' };
    const first = await live(the.admin, at);
    await the.admin.publish('a mistake', [{ ...at, op: 'put', content: 'broken: true\n', if_revision: first.revision }]);
    const { context, page } = await as(the, 'ada', `/e/dev/n/${at.namespace}/history`);
    let clicks = 0;
    const click = async (what) => { clicks += 1; await what.click(); };
    await click(page.getByRole('link', { name: /^Roll back to here/ }).first());
    await page.getByText('broken: true').first().waitFor();
    await page.getByLabel('Message').fill('as it was');
    await click(button(page, 'Roll back'));
    await page.getByText(/^r\d+ is live$/).waitFor();
    assert.ok(clicks <= 3);
    assert.equal((await live(the.admin, at)).content, first.content, 'byte for byte');
    await page.getByRole('link', { name: 'Undo' }).click();
    await page.getByLabel('Message').fill('undone');
    await button(page, 'Roll back').or(button(page, 'Revert')).first().click();
    await until('it is undone', async () => (await live(the.admin, at)).content === 'broken: true\n');
    await context.close();
  });

  test('D: who may not do something learns what is missing and whom to ask', PATIENCE, async () => {
    const { context, page } = await as(the, 'linus', '/e/dev/n/orders.api/k/application.yaml');
    await page.getByText('service: "orders.api"').first().waitFor();
    const edit = page.getByRole('button', { name: 'Edit', exact: true });
    assert.equal(await edit.getAttribute('aria-disabled'), 'true');
    await edit.focus();
    await page.getByText(/You may not edit drafts in dev\/orders\.api/).first().waitFor();
    await page.goto(`${the.url}/e/prod/n/orders.api`);
    await page.getByText(/does not exist|There is no/).first().waitFor();
    await page.goto(`${the.url}/audit`);
    await page.getByText('You may not read the audit.').first().waitFor();
    await page.getByText('Who can give the right').first().waitFor();
    await page.getByRole('button', { name: 'Copy a request' }).waitFor();
    await context.close();
  });

  test('E: from an empty store to a program that prints a value in six clicks', PATIENCE, async () => {
    const world = new World();
    try {
      const { url } = await world.pintle();
      const { page } = await profile(world, the.chrome);
      await page.goto(url);
      await logIn(page);
      let clicks = 0;
      const click = async (what) => { clicks += 1; await what.click(); };
      await click(page.getByRole('link', { name: 'First steps' }).first());
      for (const name of [/^Create the environment/, /^Create the namespace/, /^Publish the entry/, 'Make a token']) {
        await click(page.getByRole('button', { name }));
      }
      const code = page.locator('figure pre').first();
      await page.waitForFunction(() => /pintle_[0-9a-f]+/.test(document.querySelector('figure pre')?.textContent ?? ''));
      // What it shows first is run as it stands.
      const command = (await code.textContent()).split('\n\n')[0];
      const { stdout } = await promisify(execFile)('bash', ['-c', command]);
      assert.notEqual(stdout.trim(), '');
      await page.getByText('A program has used the token.').or(page.getByText(/^Connected:/)).first().waitFor({ timeout: 90_000 });
      assert.ok(clicks <= 6, `${clicks} clicks`);
    } finally {
      await world.end();
    }
  });

  test('F: on a phone, from the home page to the rollback of the last change in four clicks', PATIENCE, async () => {
    const at = { env: 'prod', namespace: 'orders.api', key: 'application.yaml' };
    const before = await live(the.admin, at);
    await the.admin.publish('the incident', [{ ...at, op: 'put', content: 'incident: true\n', if_revision: before.revision }]);
    const { context, page } = await profile(the.world, the.chrome);
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${the.url}/login`);
    await logIn(page, 'ada');
    await loggedIn(page, 'ada');
    let clicks = 0;
    const tap = async (what) => { clicks += 1; await what.click(); };
    await tap(page.getByRole('link', { name: /the incident/ }).first());
    await page.getByText('incident: true').first().waitFor();
    await tap(page.getByRole('link', { name: 'Revert this' }).first());
    await page.getByLabel('Message').fill('back, now');
    await page.getByLabel('Type prod to confirm').fill('prod');
    await tap(button(page, 'Roll back').or(button(page, 'Revert')).first());
    await page.getByText(/^r\d+ is live$/).waitFor();
    assert.ok(clicks <= 4, `${clicks} clicks`);
    assert.equal((await live(the.admin, at)).content, before.content);
    await context.close();
  });

  test('a late answer of another environment is never shown', PATIENCE, async () => {
    const { context, page } = await as(the, 'admin', '/e/staging/n/orders.api/k/application.yaml');
    await page.getByText('environment: "staging"').first().waitFor();
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await page.route('**/api/v1/environments/dev/**', async (route) => {
      await held;
      await route.continue();
    });
    const choose = async (from, to) => {
      await page.getByRole('button', { name: new RegExp(`^Environment: ${from}`) }).click();
      await page.getByRole('menuitemradio', { name: new RegExp(`^${to}`) }).click();
    };
    await choose('staging', 'dev');
    await page.waitForURL(/\/e\/dev\//);
    await choose('dev', 'prod');
    await page.getByText('environment: "prod"').first().waitFor();
    const shown = [];
    await page.exposeFunction('shown', (text) => shown.push(text));
    await page.evaluate(() => {
      new MutationObserver(() => { if (document.body.textContent.includes('environment: "dev"')) window.shown('dev'); })
        .observe(document.body, { childList: true, subtree: true, characterData: true });
    });
    // The page may have given the call up before; then nothing comes.
    const predicate = (one) => one.url().includes('/environments/dev/');
    const comes = (event) => page.waitForEvent(event, { predicate, timeout: 3_000 }).catch(() => {});
    const ended = Promise.race([comes('response'), comes('requestfailed')]);
    release();
    await ended;
    await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
    assert.deepEqual(shown, []);
    assert.match(page.url(), /\/e\/prod\//);
    await context.close();
  });

  test('instances are live: what one reports is on the screen within two seconds', PATIENCE, async () => {
    const { context, page } = await as(the, 'admin', '/e/prod/instances?namespace=orders.api&state=rejected');
    await page.getByText('the check failed').first().waitFor();
    const id = 'node-008/orders-api';
    const { epoch } = await (await fetch(`${the.url}/readyz`)).json();
    const { revision } = await live(the.admin, { env: 'prod', namespace: 'orders.api', key: 'application.yaml' });
    const begun = Date.now();
    await the.admin.call('POST', `environments/prod/instances/${encodeURIComponent(id)}/receipts`, {
      receipts: [{ epoch, revision, stage: 'rejected', reason: 'the disk is full' }],
    });
    await page.getByText('the disk is full').first().waitFor();
    const took = Date.now() - begun;
    console.log(`a receipt was on the screen after ${took} ms`);
    assert.ok(took < 5_000, `${took} ms`);
    await context.close();
  });

  test('the chip tells the truth while the server is restarted', PATIENCE, async () => {
    const { context, page } = await as(the, 'admin', '/e/dev/n/stock.web');
    const chip = page.getByRole('status').filter({ hasText: /live|stale|connecting/ });
    await chip.filter({ hasText: 'live' }).waitFor();
    await the.restart(async () => {
      await chip.filter({ hasText: 'stale since' }).waitFor();
    });
    await chip.filter({ hasText: /^live$/ }).waitFor();
    await the.admin.publish('after the restart', [{ env: 'dev', namespace: 'stock.web', key: 'aaa-new.txt', op: 'put', content: 'new\n', if_revision: 0 }]);
    await page.getByText('aaa-new.txt').first().waitFor();
    await context.close();
  });

  test('production is unmistakable, and dev is not production', PATIENCE, async () => {
    const { context, page } = await as(the, 'admin', '/e/prod');
    await page.locator('[data-tier="prod"]').first().waitFor();
    for (const at of ['/e/prod', '/e/prod/n/orders.api', '/e/prod/instances', '/e/prod/history', '/e/prod/n/orders.api/rollback?to=1']) {
      await page.goto(the.url + at);
      await page.getByRole('button', { name: 'Environment: prod Production' }).waitFor();
      await until(`the title of ${at} says it`, async () => /⚠ prod \(Production\)/.test(await page.title()));
    }
    await page.goto(`${the.url}/e/dev`);
    await page.getByRole('heading').first().waitFor();
    assert.doesNotMatch(await page.title(), /Production/);
    await context.close();
  });

  test('secrets are masked, and what reveals them is written down', PATIENCE, async () => {
    const at = '/e/prod/n/orders.api/k/database.yaml';
    await the.admin.call('POST', 'users', { name: 'vera', kind: 'person' }).then(({ one_time_password: first }) => Caller.logIn(the.url, 'vera', first, PASSWORD));
    for (const role of ['viewer', 'secret-reader']) {
      await the.admin.call('POST', 'grants', { subject: 'user:vera', role, environment: 'prod', namespace: 'orders*', key_prefix: '' });
    }
    const { context, page } = await as(the, 'vera', at);
    await page.getByText('__pintle_sealed_').first().waitFor();
    assert.equal(await page.getByText('correct-horse-battery').count(), 0);
    await button(page, 'Reveal').click();
    await button(page, 'Show the plaintext').click();
    await page.getByText('correct-horse-battery').first().waitFor();
    const { rows } = await the.admin.call('GET', 'audit?actor=vera&action=reveal');
    assert.ok(rows.length >= 1);
    await context.close();
  });

  test('the console follows no address but its own', PATIENCE, async () => {
    const { context, page } = await profile(the.world, the.chrome);
    const foreign = [];
    page.on('request', (request) => { if (!request.url().startsWith(the.url) && !request.url().startsWith('data:')) foreign.push(request.url()); });
    await page.goto(the.url);
    await logIn(page);
    await loggedIn(page);
    await page.goto(`${the.url}/e/dev/n/orders.api/edit/application.yaml`);
    await editor(page).waitFor();
    assert.deepEqual(foreign, []);
    await context.close();
  });
}
