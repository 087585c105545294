// The console against a store of believable size: a walk over all of its pages, then what people do with it.

import { after, before } from 'node:test';
import { World, browser, freePort } from './support.mjs';
import { flows } from './flows.mjs';
import { keyboard } from './keyboard.mjs';
import { seed } from './seed.mjs';
import { walk } from './walk.mjs';
import { zoom } from './zoom.mjs';

/** What the tests share: the server, its admin, the browser. */
const the = {};

before(async () => {
  the.chrome = await browser();
  the.world = new World();
  const flags = ['--listen', `127.0.0.1:${await freePort()}`];
  let server = await the.world.pintle(flags);
  the.url = server.url;
  the.restart = async (meanwhile) => {
    await server.stop();
    await meanwhile();
    server = await the.world.pintle(flags, server.database);
  };
  the.admin = await seed(the.world, the.url);
  const { revisions } = await the.admin.call('GET', 'revisions?env=prod&namespace=orders.api&limit=5');
  the.revision = revisions.at(-1).revision;
  // A draft with a change, for the pages that show one.
  const { id, hash } = await the.admin.call('POST', 'drafts', { env: 'prod', namespace: 'orders.api' });
  const entry = await the.admin.call('GET', 'environments/prod/namespaces/orders.api/entries/parts/part-001.json');
  const content = entry.content.replace('"retries": 1', '"retries": 4');
  const put = [{ namespace: 'orders.api', key: 'parts/part-001.json', op: 'put', content, if_revision: entry.revision }];
  await the.admin.call('PATCH', `drafts/${id}`, { put }, { 'if-match': `"${hash}"` });
}, { timeout: 180_000 });
after(async () => {
  await the.world?.end();
  await the.chrome?.close();
});

walk(the);
zoom(the);
flows(the);
keyboard(the);
