// Steps that several tests take on the pages.

import { call, logIn, loggedIn, profile, until } from './support.mjs';

export const PATIENCE = { timeout: 120_000 };

/** The text of an entry as the server has it. */
export async function live(admin, { env, namespace, key }) {
  return admin.call('GET', `environments/${env}/namespaces/${namespace}/entries/${key}`);
}

/** A page of somebody who is logged in. */
export async function as(the, name, at = '/') {
  const { context, page } = await profile(the.world, the.chrome);
  // High enough that the editor draws the whole of an entry.
  await page.setViewportSize({ width: 1440, height: 1200 });
  await page.goto(`${the.url}/login?next=${encodeURIComponent(at)}`);
  await logIn(page, name);
  await loggedIn(page, name);
  return { context, page };
}

export const button = (page, name) => page.getByRole('button', { name, exact: true });
export const line = (page, text) => page.locator('.cm-line', { hasText: text }).first();
export const editor = (page) => page.locator('.cm-content[contenteditable="true"]').first();

/** Waits until the draft that is being edited has a text, here and at the server. */
export async function saved(page, text) {
  const [, env, ns] = /\/e\/([^/]+)\/n\/([^/]+)\//.exec(page.url());
  await until(`the draft has ${text}`, async () => {
    const { user } = (await call(page, 'GET', 'access/me')).body;
    const { drafts } = (await call(page, 'GET', `drafts?env=${env}&namespace=${ns}&owner=${user}`)).body;
    const contents = await Promise.all(drafts.map(({ id }) => call(page, 'GET', `drafts/${id}`)));
    return contents.some(({ body }) => body.changes?.some(({ content }) => content?.includes(text)));
  });
  await page.getByText('Saved in your draft').first().waitFor();
}

/** Types a line at the end of what is being edited, until the server has it in the draft. */
export async function add(page, line) {
  await editor(page).click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type(`${line}\n`);
  await saved(page, line);
}
