// What people do with the console, by keyboard alone: nothing is pointed at, and wherever the keyboard is can be seen.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { PATIENCE, button, editor, live, saved } from './steps.mjs';
import { PASSWORD, World, loggedIn, profile, until } from './support.mjs';

/** From where a page puts the keyboard to what one wants there. */
const TABS = 30;

/** Whoever has no mouse: a page, and how often Tab was pressed on the way. */
class Typist {
  tabs = 0;

  static async at(the, url, size = { width: 1440, height: 1200 }, world = the.world) {
    const { context, page } = await profile(world, the.chrome);
    await page.setViewportSize(size);
    await page.addInitScript(() => {
      addEventListener('pointerdown', () => { throw new Error('something was pointed at'); }, { capture: true });
    });
    const pointed = [];
    page.on('pageerror', (error) => pointed.push(String(error)));
    await page.goto(url);
    return Object.assign(new Typist(), { context, page, pointed });
  }

  press(...keys) {
    return keys.reduce((before, key) => before.then(() => this.page.keyboard.press(key)), Promise.resolve());
  }

  type(text) {
    return this.page.keyboard.type(text);
  }

  /** The login takes the keyboard as it opens. */
  async logIn(name = 'admin', password = PASSWORD) {
    await this.page.waitForFunction(() => document.activeElement?.id === 'name');
    await this.type(name);
    await this.press('Tab');
    await this.type(password);
    await this.press('Enter');
    await loggedIn(this.page, name);
  }

  /** Moves on until the keyboard is on something, and sees that it is. */
  async to(what, most = TABS) {
    await what.first().waitFor();
    for (let turn = 0; turn < most; turn++) {
      this.tabs += 1;
      await this.press('Tab');
      const shown = await what.first().evaluate((element) => {
        if (element !== document.activeElement) return null;
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
        const { left, right, top, bottom } = element.getBoundingClientRect();
        const above = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        return {
          marked: (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1) || boxShadow !== 'none',
          seen: above !== null && (element.contains(above) || above.contains(element)),
        };
      });
      if (shown === null) continue;
      assert.deepEqual(shown, { marked: true, seen: true }, `the keyboard is on ${what}, and it is seen`);
      return;
    }
    const at = await this.page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200));
    throw new Error(`${most} Tabs do not reach ${what}; the keyboard is on ${at}`);
  }

  /** Goes somewhere by the palette. */
  async go(words, option) {
    await this.press('Control+k');
    await this.page.getByRole('combobox').waitFor();
    await this.type(words);
    await option.waitFor();
    for (let turn = 0; turn < 30 && (await option.getAttribute('aria-selected')) !== 'true'; turn++) await this.press('ArrowDown');
    await this.press('Enter');
  }

  async end(flow) {
    assert.deepEqual(this.pointed, []);
    console.log(`${flow} by keyboard: ${this.tabs} Tabs`);
    await this.context.close();
  }
}

const isLive = (page) => page.getByText(/^r\d+ is live$/).waitFor();

export function keyboard(the) {
  test('A by keyboard alone, from the palette to the publish', PATIENCE, async () => {
    const at = { env: 'dev', namespace: 'orders.jobs', key: 'application.yaml' };
    const hand = await Typist.at(the, `${the.url}/login`);
    const { page } = hand;
    await hand.logIn('ada');
    await hand.go('orders.jobs/application', page.getByRole('option').filter({ hasText: 'application.yaml' }).filter({ hasText: 'dev' }).first());
    await page.getByText('service: "orders.jobs"').first().waitFor();
    assert.match(page.url(), /\/e\/dev\/n\/orders\.jobs\/k\/application\.yaml$/);
    await hand.press('e');
    await editor(page).waitFor();
    await page.waitForFunction(() => document.activeElement?.closest('.cm-content') !== null);
    await hand.press('Control+End');
    await hand.type('by_keyboard: true\n');
    await saved(page, 'by_keyboard: true');
    // Escape, then Tab leaves the editor.
    await hand.press('Escape', 'Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.closest('.cm-content') ?? null), null);
    await hand.press('Control+Enter');
    await hand.to(page.getByLabel('Message'));
    await hand.type('without a mouse');
    await hand.to(button(page, 'Publish'));
    await hand.press('Enter');
    await isLive(page);
    assert.match((await live(the.admin, at)).content, /by_keyboard: true\n$/);
    await hand.end('A');
  });

  test('C by keyboard alone: from the palette to the history, back, and back from that', PATIENCE, async () => {
    const at = { env: 'dev', namespace: 'orders.jobs', key: 'application.yaml' };
    const first = await live(the.admin, at);
    await the.admin.publish('a mistake', [{ ...at, op: 'put', content: 'broken: true\n', if_revision: first.revision }]);
    const hand = await Typist.at(the, `${the.url}/login`);
    const { page } = hand;
    await hand.logIn('ada');
    await hand.go('orders.jobs', page.getByRole('option', { name: /orders\.jobs$/ }).filter({ hasText: 'dev' }).first());
    await page.getByRole('heading', { name: 'orders.jobs' }).waitFor();
    await hand.to(page.getByRole('main').getByRole('link', { name: 'History', exact: true }));
    await hand.press('Enter');
    await hand.to(page.getByRole('link', { name: /^Roll back to here/ }));
    await hand.press('Enter');
    await page.getByText('broken: true').first().waitFor();
    await hand.to(page.getByLabel('Message'));
    await hand.type('as it was');
    await hand.to(button(page, 'Roll back'));
    await hand.press('Enter');
    await isLive(page);
    assert.equal((await live(the.admin, at)).content, first.content, 'byte for byte');
    await hand.to(page.getByRole('link', { name: 'Undo' }));
    await hand.press('Enter');
    await hand.to(page.getByLabel('Message'));
    await hand.type('undone');
    // Enter in the field does what the button does.
    await hand.press('Enter');
    await until('it is undone', async () => (await live(the.admin, at)).content === 'broken: true\n');
    await hand.end('C');
  });

  test('D by keyboard alone: what is missing, who can do it, who can grant it, and why', PATIENCE, async () => {
    const hand = await Typist.at(the, `${the.url}/login?next=${encodeURIComponent('/e/dev/n/orders.api/k/application.yaml')}`);
    const { page } = hand;
    await hand.logIn('linus');
    await page.getByText('service: "orders.api"').first().waitFor();
    const reason = page.getByText(/You may not edit drafts in dev\/orders\.api/).first();
    assert.equal(await reason.isVisible(), false);
    // From the beginning of the page the skip link leads past the frame.
    await hand.to(page.getByRole('link', { name: 'Skip to the content' }));
    await hand.press('Enter');
    await hand.to(button(page, 'Edit'));
    await reason.waitFor();
    await hand.press('Enter');
    assert.equal(new URL(page.url()).pathname, '/e/dev/n/orders.api/k/application.yaml', 'it does nothing');
    await hand.press('g', 'a');
    await page.getByText('You may not read the audit.').first().waitFor();
    const grantors = page.getByText('Who can give the right').first();
    await grantors.waitFor();
    assert.match(await grantors.locator('xpath=following-sibling::dd[1]').textContent(), /\badmin\b/);
    await hand.to(page.getByRole('link', { name: 'Look it up' }));
    await hand.to(page.getByRole('button', { name: 'Copy a request' }));
    await hand.press('Shift+Tab', 'Enter');
    await page.waitForURL(/\/access\?.*tab=explain/);
    await hand.end('D');
  });

  test('E by keyboard alone: from an empty store to a program that prints a value', PATIENCE, async () => {
    const world = new World();
    try {
      const { url } = await world.pintle();
      const hand = await Typist.at(the, url, { width: 1440, height: 900 }, world);
      const { page } = hand;
      await hand.logIn();
      const start = page.getByRole('main').getByRole('link', { name: 'First steps' });
      await start.waitFor();
      await hand.go('First steps', page.getByRole('option', { name: 'First steps' }).first());
      for (const name of [/^Create the environment/, /^Create the namespace/, /^Publish the entry/, 'Make a token']) {
        await hand.to(page.getByRole('button', { name }));
        await hand.press('Enter');
      }
      await page.waitForFunction(() => /pintle_[0-9a-f]+/.test(document.querySelector('figure pre')?.textContent ?? ''));
      const code = page.locator('figure pre').first();
      await hand.to(page.locator('figure').first().getByRole('button'));
      const command = (await code.textContent()).split('\n\n')[0];
      const { stdout } = await promisify(execFile)('bash', ['-c', command]);
      assert.notEqual(stdout.trim(), '');
      await page.getByText('A program has used the token.').or(page.getByText(/^Connected:/)).first().waitFor({ timeout: 90_000 });
      await hand.end('E');
    } finally {
      await world.end();
    }
  });

  test('F by keyboard alone, on 360 pixels: from the home page to the rollback of the last change', PATIENCE, async () => {
    const at = { env: 'prod', namespace: 'orders.api', key: 'application.yaml' };
    const before = await live(the.admin, at);
    await the.admin.publish('the second incident', [{ ...at, op: 'put', content: 'incident: 2\n', if_revision: before.revision }]);
    const hand = await Typist.at(the, `${the.url}/login`, { width: 360, height: 740 });
    const { page } = hand;
    await hand.logIn('ada');
    await hand.to(page.getByRole('link', { name: /the second incident/ }));
    await hand.press('Enter');
    await page.getByText('incident: 2').first().waitFor();
    await hand.to(page.getByRole('link', { name: 'Revert this' }));
    await hand.press('Enter');
    await hand.to(page.getByLabel('Message'));
    await hand.type('back, now');
    await hand.press('Tab');
    await hand.type('prod');
    await hand.to(button(page, 'Roll back').or(button(page, 'Revert')));
    await hand.press('Enter');
    await isLive(page);
    assert.equal((await live(the.admin, at)).content, before.content);
    await hand.end('F');
  });
}
