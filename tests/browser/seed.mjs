// A store of believable size: 3 environments with 40 namespaces each, 10,000 entries, a history, people and 500 instances.

import { enlist } from './fleet.mjs';
import { PASSWORD } from './support.mjs';

export const ENVIRONMENTS = [
  { name: 'dev', tier: 'dev', colour: '#0f7b81', description: 'Where everybody tries things' },
  { name: 'staging', tier: 'staging', colour: '#a86a00', description: 'Like production, without its users' },
  { name: 'prod', tier: 'prod', colour: '#b3261e', description: 'What our customers use' },
];
const TEAMS = ['orders', 'payments', 'catalog', 'search', 'shipping', 'users', 'billing', 'stock'];
const PARTS = ['api', 'worker', 'web', 'jobs', 'gateway'];
export const NAMESPACES = TEAMS.flatMap((team) => PARTS.map((part) => `${team}.${part}`));
const INSTANCES = 500;
/** Changes in one call, as the server takes them. */
const BATCH = 1_000;

/** Calls of somebody with a token. */
export class Caller {
  constructor(url, token) {
    Object.assign(this, { url, token });
  }

  static async logIn(url, name = 'admin', password = PASSWORD, newPassword = undefined) {
    const body = { name, password, new_password: newPassword };
    const { token } = await new Caller(url).call('POST', 'session', body);
    return new Caller(url, token);
  }

  async call(method, at, body, headers = {}) {
    const request = { method, headers: { ...headers } };
    if (this.token) request.headers.authorization = `Bearer ${this.token}`;
    if (body !== undefined) {
      request.headers['content-type'] = 'application/json';
      request.body = JSON.stringify(body);
    }
    const answer = await fetch(`${this.url}/api/v1/${at}`, request);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${at}: ${answer.status} ${text.slice(0, 500)}`);
    return text === '' ? null : JSON.parse(text);
  }

  publish(message, changes, more = {}) {
    return this.call('POST', 'publish', { message, changes, ...more });
  }
}

/** A text of about 1 KiB, different for each entry. */
function content(format, env, ns, nth) {
  const facts = { service: ns, environment: env, number: nth, timeout_ms: 250 + nth, retries: nth % 5 };
  const filler = Array.from({ length: 14 }, (_, line) => [`setting_${line}`, `value ${line} of ${ns} number ${nth} in ${env}`]);
  const all = [...Object.entries(facts), ...filler];
  if (format === 'json') return `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`;
  if (format === 'properties') return all.map(([name, value]) => `${name}=${value}\n`).join('');
  if (format === 'toml') return all.map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`).join('');
  return all.map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`).join('');
}

function* entries() {
  const formats = ['yaml', 'json', 'properties', 'toml'];
  for (const { name: env } of ENVIRONMENTS) {
    for (const namespace of NAMESPACES) {
      // 10,000 in all: 83 in most of the 120 namespaces, 84 in the first 40.
      const count = env === 'dev' ? 84 : 83;
      for (let nth = 0; nth < count; nth++) {
        const format = formats[nth % formats.length];
        const key = nth === 0 ? 'application.yaml' : `parts/part-${String(nth).padStart(3, '0')}.${format}`;
        yield { env, namespace, key, op: 'put', format: nth === 0 ? 'yaml' : format, content: content(nth === 0 ? 'yaml' : format, env, namespace, nth) };
      }
    }
  }
}

/** Fills the store of an address; `instances` are streams that the world ends. */
export async function seed(world, url, { instances = INSTANCES } = {}) {
  const admin = await Caller.logIn(url);
  for (const { name, ...attributes } of ENVIRONMENTS) {
    await admin.call('PUT', `environments/${name}`, { ...attributes, message: 'our environments' });
    for (const ns of NAMESPACES) {
      await admin.call('PUT', `environments/${name}/namespaces/${ns}`, { description: `Settings of ${ns}`, message: 'our services' });
    }
  }
  let batch = [];
  for (const entry of entries()) {
    batch.push({ ...entry, if_revision: 0 });
    if (batch.length === BATCH) {
      await admin.publish('first settings', batch);
      batch = [];
    }
  }
  if (batch.length > 0) await admin.publish('first settings', batch);
  await people(admin);
  await history(admin);
  await fleet(world, admin, instances);
  return admin;
}

async function people(admin) {
  const made = {};
  for (const name of ['ada', 'grace', 'linus']) {
    const { one_time_password: password } = await admin.call('POST', 'users', { name, kind: 'person' });
    made[name] = await Caller.logIn(admin.url, name, password, PASSWORD);
  }
  await admin.call('POST', 'users', { name: 'orders-agent', kind: 'service' });
  await admin.call('PUT', 'groups/orders-team', { members: ['ada', 'grace'] });
  const grants = [
    ['group:orders-team', 'publisher', 'dev', 'orders*'],
    ['group:orders-team', 'publisher', 'staging', 'orders*'],
    ['user:ada', 'publisher', 'prod', 'orders.api'],
    ['user:grace', 'viewer', 'prod', 'orders*'],
    ['user:linus', 'viewer', 'dev', 'orders.api'],
    ['user:orders-agent', 'agent', '*', 'orders*'],
  ];
  for (const [subject, role, environment, namespace] of grants) {
    await admin.call('POST', 'grants', { subject, role, environment, namespace, key_prefix: '' });
  }
  await admin.call('POST', 'tokens', { name: 'pipeline', expires_in_days: 30, scope: [{ role: 'publisher', environment: 'dev', namespace: 'orders*', key_prefix: '' }] });
}

/** Changes of one entry, a secret, a rollback and a revert. */
async function history(admin) {
  const at = { env: 'prod', namespace: 'orders.api', key: 'application.yaml' };
  const path = 'environments/prod/namespaces/orders.api/entries/application.yaml';
  const revisions = [];
  for (const [nth, message] of ['raise the timeout for the sale', 'more retries', 'back to the usual timeout'].entries()) {
    const { revision, content: now } = await admin.call('GET', path);
    const text = now.replace(/timeout_ms: \d+/, `timeout_ms: ${1_000 + nth}`);
    revisions.push((await admin.publish(message, [{ ...at, op: 'put', content: text, if_revision: revision }])).revision);
  }
  await admin.call('POST', 'rollback', { env: 'prod', namespace: 'orders.api', keys: [at.key], to: revisions[1], message: 'the sale goes on' });
  const { revision } = await admin.publish('a key by mistake', [{ env: 'dev', namespace: 'orders.api', key: 'mistake.txt', op: 'put', content: 'oops\n', if_revision: 0 }]);
  await admin.call('POST', 'rollback', { revert: revision, message: 'not needed' });
  await admin.publish('the password of the database', [{
    env: 'prod', namespace: 'orders.api', key: 'database.yaml', op: 'put', if_revision: 0,
    content: 'host: db.internal\nuser: orders\npassword: correct-horse-battery\n', secret_paths: ['/password'],
  }]);
}

/** Instances of `orders.api` in production: most are in sync, some behind, some refused the newest. */
async function fleet(world, admin, count) {
  const { epoch } = await (await fetch(`${admin.url}/readyz`)).json();
  const { revisions } = await admin.call('GET', 'revisions?env=prod&namespace=orders.api&limit=3');
  const [newest, before] = revisions.map((one) => one.revision);
  await enlist(world, admin, 'prod', count, 25, (nth) => {
    const applied = { epoch, revision: nth % 25 === 0 ? before : newest, stage: 'applied' };
    const rejected = [
      { epoch, revision: before, stage: 'applied' },
      { epoch, revision: newest, stage: 'rejected', reason: 'the check failed', output: 'nginx: [emerg] unknown directive "proxy_pas" in orders.conf:12\n' },
    ];
    return {
      id: `node-${String(nth).padStart(3, '0')}/orders-api`,
      declared: {
        service: nth % 3 === 0 ? 'orders-worker' : 'orders-api', namespaces: ['orders.api'], labels: { zone: `zone-${nth % 3}`, cluster: 'main' },
        address: `10.0.${Math.floor(nth / 250)}.${nth % 250}:8080`, version: '2.14.0', agent: '0.1.0',
      },
      receipts: nth % 50 === 7 ? rejected : [applied],
    };
  });
}
