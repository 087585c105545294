// Every page of the console, in both themes and languages and at three widths: no violation that axe finds, no untranslated word,
// no overflow, nothing in the console. Screenshots stay in the folder that ARTEFACTS names.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { logIn, loggedIn, profile } from './support.mjs';
import { keysTook, quantile, timeKeys } from './timing.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ARTEFACTS = process.env.ARTEFACTS ?? path.join(import.meta.dirname, 'walk');
const WIDTHS = [1440, 768, 360];
const THEMES = ['light', 'dark'];
const LANGUAGES = ['en', 'zh-CN'];
/** Pages that could grow with the store, and elements that each may have at most. */
const LISTS = ['home', 'namespaces', 'entries', 'history', 'environment-history', 'instances', 'search', 'audit', 'access-users'];
const NODES = 3_000;
/** What the store says in English, whatever the reader's language is. */
const SAID = /our (environments|services)|first settings|raise the timeout|more retries|usual timeout|the sale goes on|a key by mistake|not needed|password of the database|Where everybody tries|Like production, without|What our customers use|Settings of|the check failed|unknown directive|reverts? r?\d+|Mozilla|HeadlessChrome/;

const ns = '/e/prod/n/orders.api';
export const routes = (revision) => ({
  home: '/',
  welcome: '/welcome',
  namespaces: '/e/prod',
  entries: ns,
  entry: `${ns}/k/application.yaml`,
  'entry-old': `${ns}/k/application.yaml?at=${revision}`,
  'entry-sealed': `${ns}/k/database.yaml`,
  'entry-missing': `${ns}/k/nothing.yaml`,
  edit: `${ns}/edit/application.yaml`,
  review: `${ns}/review`,
  history: `${ns}/history`,
  'environment-history': '/e/dev/history',
  revision: `/r/${revision}`,
  rollback: `${ns}/rollback?to=${revision}`,
  settings: `${ns}/settings`,
  compare: '/compare?from_env=staging&to_env=prod&namespace=orders.api',
  instances: '/e/prod/instances',
  instance: `/e/prod/instances/${encodeURIComponent('node-007/orders-api')}`,
  search: '/search?q=retries',
  audit: '/audit',
  'access-grants': '/access',
  'access-groups': '/access?tab=groups',
  'access-users': '/access?tab=users',
  'access-explain': '/access?tab=explain',
  tokens: '/tokens',
  environments: '/environments',
  account: '/account',
  'not-found': '/no/such/page',
});

/** Waits until a page shows what it is for. */
export async function settled(page) {
  await page.locator('h1, h2').first().waitFor();
  await page.waitForFunction(() => document.querySelector('[data-loading]') === null);
  // Two frames without a change of the layout.
  await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
}

async function axe(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  return page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await window.axe.run(document, { runOnly: { type: 'tag', values: tags } });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`));
  });
}

/** Words of a page that are English, three in a row, and that are not said by the store. */
async function english(page) {
  const found = await page.evaluate(() => {
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (!node.parentElement.closest('code, pre, kbd, script, noscript, .cm-content, [lang="en"], [translate="no"]')) texts.push(node.data);
    }
    for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
      for (const name of ['aria-label', 'title', 'placeholder']) texts.push(element.getAttribute(name) ?? '');
    }
    return texts;
  });
  return found.filter((text) => /[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}/.test(text) && !SAID.test(text));
}

async function choose(page, url, theme, language) {
  await page.context().addCookies([
    { name: 'pintle-theme', value: theme, url },
    { name: 'pintle-lang', value: language, url },
  ]);
}

/** Milliseconds from each key to the frame that shows it, in a YAML of 20,000 lines. */
async function keys(the, page) {
  const key = 'large.yaml';
  const content = Array.from({ length: 20_000 }, (_, nth) => `setting_${nth}: "value ${nth}"\n`).join('');
  await the.admin.publish('a large one', [{ env: 'dev', namespace: 'stock.jobs', key, op: 'put', content, if_revision: 0 }]);
  await page.goto(`${the.url}/e/dev/n/stock.jobs/edit/${key}`);
  await page.locator('.cm-content[contenteditable="true"]').click();
  await page.keyboard.press('Control+Home');
  await timeKeys(page);
  for (let turn = 0; turn < 40; turn++) await page.keyboard.type('x', { delay: 30 });
  const took = await keysTook(page, 40);
  // The draft must not stand in the way of leaving.
  await page.getByText('Saved in your draft').first().waitFor();
  return took;
}

/** Milliseconds from a click to the page behind it, when its data is there already. */
async function changes(the, page) {
  await page.goto(`${the.url}/e/dev`);
  await page.getByRole('navigation').getByRole('link', { name: 'Environments', exact: true }).waitFor();
  const took = [];
  for (let turn = 0; turn < 12; turn++) {
    const [link, title] = turn % 2 === 0 ? ['Environments', 'Environments'] : ['Home', 'Home'];
    const begun = await page.evaluate(([name]) => {
      const found = [...document.querySelectorAll('nav a')].find((one) => one.textContent === name);
      const now = performance.now();
      found.click();
      return now;
    }, [link]);
    await page.waitForFunction((wanted) => document.querySelector('h1')?.textContent === wanted && !document.querySelector('[data-loading]'), title, { polling: 'raf' });
    // The first two turns fetch the pages and their data.
    if (turn > 1) took.push(await page.evaluate((from) => performance.now() - from, begun));
  }
  return took;
}

/** Milliseconds of searches over everything. */
async function searches(the) {
  const took = [];
  for (let turn = 0; turn < 40; turn++) {
    const begun = performance.now();
    const { hits } = await the.admin.call('GET', `search?q=${['timeout', 'value 7 of', 'orders', 'nothing like it'][turn % 4].replaceAll(' ', '+')}`);
    took.push(performance.now() - begun);
    if (turn % 4 !== 3) assert.ok(hits.length > 0);
  }
  return took;
}

export function walk(the) {
  for (const language of LANGUAGES) {
    test(`every page in ${language}, light and dark, wide and narrow`, { timeout: 600_000 }, async () => {
      mkdirSync(ARTEFACTS, { recursive: true });
      const { context, page } = await profile(the.world, the.chrome);
      const said = [];
      page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) said.push(message.text()); });
      page.on('pageerror', (error) => said.push(String(error)));
      await page.goto(`${the.url}/login`);
      await choose(page, the.url, 'light', language);
      await page.goto(`${the.url}/login`);
      await logIn(page);
      await loggedIn(page);
      said.length = 0;
      const wrong = [];
      for (const [name, at] of Object.entries(routes(the.revision))) {
        await choose(page, the.url, 'light', language);
        await page.setViewportSize({ width: WIDTHS[0], height: 900 });
        await page.goto(the.url + at);
        await settled(page);
        for (const theme of THEMES) {
          await page.evaluate((chosen) => { document.documentElement.dataset.theme = chosen; }, theme);
          for (const width of WIDTHS) {
            await page.setViewportSize({ width, height: width === 360 ? 780 : 900 });
            await settled(page);
            const which = `${name} ${language} ${theme} ${width}`;
            const wide = await page.evaluate(() => document.scrollingElement.scrollWidth - window.innerWidth);
            if (wide > 1) wrong.push(`${which}: ${wide} px too wide`);
            const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
            if (LISTS.includes(name) && nodes > NODES) wrong.push(`${which}: ${nodes} elements`);
            wrong.push(...(await axe(page)).map((one) => `${which}: ${one}`));
            await page.screenshot({ path: path.join(ARTEFACTS, `${name}-${language}-${theme}-${width}.png`) });
          }
        }
        if (language === 'zh-CN') wrong.push(...(await english(page)).map((text) => `${name}: not translated: ${text}`));
        const expected = name === 'entry-missing' ? /404/ : /^$/;
        wrong.push(...said.filter((text) => !expected.test(text)).map((text) => `${name}: the console says: ${text}`));
        said.length = 0;
      }
      await context.close();
      assert.deepEqual(wrong, [], `${wrong.length} things are wrong`);
    });
  }

  test('pages are there soon and do not move', { timeout: 300_000 }, async () => {
    const { context, page } = await profile(the.world, the.chrome);
    await page.goto(`${the.url}/login`);
    await logIn(page);
    await loggedIn(page);
    const measured = {};
    for (const [name, at] of Object.entries({ home: '/', namespaces: '/e/prod', entries: ns, instances: '/e/prod/instances' })) {
      const paints = [];
      let shift = 0;
      for (let round = 0; round < 7; round++) {
        const tab = await context.newPage();
        await tab.setViewportSize({ width: 1440, height: 900 });
        await tab.goto(the.url + at);
        await settled(tab);
        const [paint, moved] = await tab.evaluate(() => new Promise((done) => {
          let last = 0;
          let all = 0;
          new PerformanceObserver((list) => { for (const one of list.getEntries()) last = one.startTime; }).observe({ type: 'largest-contentful-paint', buffered: true });
          new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) all += one.value; }).observe({ type: 'layout-shift', buffered: true });
          requestAnimationFrame(() => requestAnimationFrame(() => done([last, all])));
        }));
        paints.push(Math.round(paint));
        shift = Math.max(shift, moved);
        await tab.close();
      }
      measured[name] = { largest_paint_ms: quantile(paints, 0.5), shift: Number(shift.toFixed(4)) };
    }
    const moving = Object.entries(measured).filter(([, { shift }]) => shift > 0.02);
    assert.deepEqual(moving, [], 'nothing moves while it is read');
    const p95 = (numbers) => Math.round(quantile(numbers, 0.95));
    measured.key_to_frame_p95_ms = p95(await keys(the, page));
    measured.route_change_p95_ms = p95(await changes(the, page));
    measured.search_p95_ms = p95(await searches(the));
    console.log('timings', JSON.stringify(measured));
    writeFileSync(path.join(ARTEFACTS, 'timings.json'), `${JSON.stringify(measured, null, 2)}\n`);
  });
}
