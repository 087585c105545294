// Every page at 200 %: nothing is lost at the side, and its heading and all that one can do there come into sight.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logIn, loggedIn, profile } from './support.mjs';
import { routes, settled } from './walk.mjs';

// A window of 1440 x 900 has half as many CSS pixels at 200 %.
const HALF = { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 };

/** What of a page cannot be brought into sight: its heading, and the first of what can be used in it. */
function hidden() {
  const most = 25;
  const main = document.querySelector('main') ?? document.body;
  const heading = main.querySelector('h1') ?? main.querySelector('h2');
  const usable = [...main.querySelectorAll('a[href], button, input, select, textarea, [tabindex="0"]')]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('.cm-editor'));
  const wrong = [];
  for (const one of [heading, ...usable.slice(0, most)]) {
    if (!one) { wrong.push('there is no heading'); continue; }
    one.scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' });
    // What runs over several lines has a middle that may belong to others.
    const [box] = one.getClientRects();
    const above = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
    const seen = above !== null && (one.contains(above) || above.contains(one) || above.closest('label')?.contains(one));
    if (!seen || box.left < -1 || box.right > innerWidth + 1) wrong.push(`out of sight: ${one.outerHTML.slice(0, 120)} below ${above?.outerHTML.slice(0, 80)}`);
  }
  // The frame must leave room to read.
  const room = [...document.querySelectorAll('header, nav, aside')]
    .filter((one) => ['fixed', 'sticky'].includes(getComputedStyle(one).position))
    .reduce((sum, one) => sum + (one.offsetWidth > innerWidth / 2 ? one.offsetHeight : 0), 0);
  if (room > innerHeight / 3) wrong.push(`what stands still takes ${room} of ${innerHeight} px`);
  const wide = document.scrollingElement.scrollWidth - innerWidth;
  if (wide > 1) wrong.push(`${wide} px too wide`);
  return wrong;
}

export function zoom(the) {
  test('every page at 200 % keeps its heading and what one can do there', { timeout: 300_000 }, async () => {
    const { context, page } = await profile(the.world, the.chrome, HALF);
    await page.goto(`${the.url}/login`);
    await logIn(page);
    await loggedIn(page);
    const wrong = [];
    for (const [name, at] of Object.entries(routes(the.revision))) {
      await page.goto(the.url + at);
      await settled(page);
      wrong.push(...(await page.evaluate(hidden)).map((one) => `${name}: ${one}`));
    }
    await context.close();
    assert.deepEqual(wrong, [], `${wrong.length} things are wrong`);
  });
}
