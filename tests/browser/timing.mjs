// How long a page takes to show what was done to it.

/** The value below which so many of the numbers lie. */
export const quantile = (numbers, part) => numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * part))];

/** From now on it is kept how long each key takes to the frame that shows it. */
export async function timeKeys(page) {
  await page.evaluate(() => {
    window.keys = [];
    window.addEventListener('keydown', (event) => {
      const begun = event.timeStamp;
      requestAnimationFrame(() => { setTimeout(() => window.keys.push(performance.now() - begun)); });
    }, { capture: true });
  });
}

/** The milliseconds of at least so many keys. */
export async function keysTook(page, least) {
  await page.waitForFunction((count) => window.keys.length >= count, least);
  return page.evaluate(() => window.keys);
}
