// What the tests stand on: servers, a browser, a proxy, other sites, and a provider of logins. Everything that is started here is
// stopped at the end of the test that started it.

import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync, rmSync, chmodSync, existsSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { chromium } from 'playwright-core';
import { Provider } from 'oidc-provider';

export const PASSWORD = 'correct horse battery staple';
const { PINTLE, DATABASE_URL, CHROMIUM, PROXY } = process.env;
// The provider warns of what is right for a test.
for (const level of ['info', 'warn']) {
  const tell = console[level];
  console[level] = (...words) => { if (!/oidc-provider (NOTICE|WARNING)/.test(String(words[0]))) tell(...words); };
}
const MASTER_KEY = '5e1f0b9a3c7d24868b1c0ffee2d4a69780b3c5d7e9f1a2c4d6e8f0a1b3c5d7e9';
// Long enough for a machine that does other things as well.
const PATIENCE = 30_000;

/** An address of this machine that is not loopback. */
export function otherAddress() {
  const all = Object.values(os.networkInterfaces()).flat();
  return all.find((one) => one.family === 'IPv4' && !one.internal)?.address;
}

export async function freePort(host = '127.0.0.1') {
  const server = net.createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Whatever a test starts, to be stopped in the opposite order. */
export class World {
  #ends = [];

  constructor() {
    this.folder = mkdtempSync(path.join(os.tmpdir(), 'pintle-browser-'));
    this.#ends.push(async () => rmSync(this.folder, { recursive: true }));
  }

  after(end) {
    this.#ends.push(end);
  }

  async end() {
    for (const end of this.#ends.reverse()) await end();
  }

  file(name, text) {
    const at = path.join(this.folder, name);
    writeFileSync(at, text);
    return at;
  }

  /** A self-made certificate for this machine. */
  certificate() {
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => path.join(this.folder, name));
    if (!existsSync(cert)) {
      execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
        '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert],
      { stdio: 'ignore' });
      chmodSync(key, 0o600);
    }
    return { cert, key };
  }

  /** A database of its own. */
  database() {
    const name = `t${process.pid}_${Math.random().toString(36).slice(2)}`;
    const url = new URL(DATABASE_URL);
    execFileSync('psql', ['--quiet', '--no-psqlrc', '-c', `CREATE DATABASE ${name}`, DATABASE_URL], { stdio: ['ignore', 'ignore', 'inherit'] });
    url.pathname = `/${name}`;
    return url.href;
  }

  /** `pintle serve` with an admin; the address that it prints, and how to stop it earlier. */
  async pintle(flags = [], database = this.database()) {
    const listen = flags.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
    const child = spawn(PINTLE, ['serve', ...listen, ...flags], {
      env: { PATH: process.env.PATH, DATABASE_URL: database, PINTLE_ADMIN_PASSWORD: PASSWORD, PINTLE_MASTER_KEY: MASTER_KEY },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (text) => { said += text; });
    const stop = async () => {
      const ended = child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      if (child.exitCode !== 0) throw new Error(`pintle ended with ${child.exitCode}:\n${said}`);
    };
    this.after(stop);
    for await (const line of readline.createInterface({ input: child.stdout })) {
      const ready = /^pintle is ready: (.*)$/.exec(line);
      if (ready) return { url: ready[1], database, stop };
    }
    throw new Error(`pintle did not start:\n${said}`);
  }

  /** A command of the user's, with a home of its own. */
  command(args, env = {}) {
    const child = spawn(PINTLE, args, {
      env: { PATH: process.env.PATH, HOME: this.folder, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const run = { child, out: '', err: '' };
    child.stdout.on('data', (text) => { run.out += text; });
    child.stderr.on('data', (text) => { run.err += text; });
    run.ended = once(child, 'exit').then(([code]) => code);
    this.after(async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await run.ended;
    });
    return run;
  }

  /** A proxy that ends TLS, and serves a node below /pintle/. */
  async proxy(port, backend) {
    const { cert, key } = this.certificate();
    const at = (name) => path.join(this.folder, name);
    const conf = this.file('nginx.conf', `
      daemon off; worker_processes 1; pid ${at('nginx.pid')}; error_log stderr warn;
      events { worker_connections 64; }
      http {
        access_log off;
        client_body_temp_path ${at('b')}; proxy_temp_path ${at('p')}; fastcgi_temp_path ${at('f')};
        uwsgi_temp_path ${at('u')}; scgi_temp_path ${at('s')};
        server {
          listen 127.0.0.1:${port} ssl;
          ssl_certificate ${cert}; ssl_certificate_key ${key};
          location /pintle/ {
            proxy_pass http://${backend}; proxy_http_version 1.1; proxy_buffering off;
            proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto https;
          }
        }
      }`);
    const child = spawn(PROXY, ['-p', this.folder, '-e', 'stderr', '-c', conf], { stdio: ['ignore', 'ignore', 'inherit'] });
    this.after(async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    });
    await reachable(port);
  }

  /** Another site: pages by their paths. */
  async site(pages) {
    const server = http.createServer((request, response) => {
      const page = pages[new URL(request.url, 'http://x').pathname];
      response.writeHead(page ? 200 : 404, { 'content-type': 'text/html' }).end(page ?? '');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.after(async () => { server.closeAllConnections(); server.close(); });
    return `http://localhost:${server.address().port}`;
  }

  /** A provider of logins on `localhost`, which is another site than 127.0.0.1. Whoever logs in there is called as it says. */
  async provider(redirect) {
    const port = await freePort();
    const issuer = `http://localhost:${port}`;
    const provider = new Provider(issuer, {
      clients: [{ client_id: 'pintle', client_secret: 'the secret of pintle there', redirect_uris: [redirect] }],
      claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
      scopes: ['openid', 'profile', 'groups'],
      pkce: { required: () => true },
      cookies: { keys: ['a key of the tests'] },
      findAccount: (_, id) => ({
        accountId: id,
        claims: () => ({ sub: id, preferred_username: id, groups: ['Platform Team', 'others'] }),
      }),
    });
    const server = provider.listen(port, 'localhost');
    await once(server, 'listening');
    this.after(async () => { server.closeAllConnections(); server.close(); });
    return issuer;
  }
}

async function reachable(port) {
  const until = Date.now() + PATIENCE;
  for (;;) {
    const socket = net.connect(port, '127.0.0.1');
    const [event] = await Promise.race([once(socket, 'connect').then(() => ['connect']), once(socket, 'error').then(() => ['error'])]).catch(() => ['error']);
    socket.destroy();
    if (event === 'connect') return;
    if (Date.now() > until) throw new Error(`nothing listens on port ${port}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}

/** The one browser of a file; each test has a profile of its own in it. */
export async function browser() {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
}

/** A fresh profile with a page; what the page's console says of errors fails the test at its end. */
export async function profile(world, chrome, window = {}) {
  const context = await chrome.newContext({ ignoreHTTPSErrors: true, ...window });
  context.setDefaultTimeout(PATIENCE);
  world.after(() => context.close());
  const page = await context.newPage();
  const blocked = [];
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) blocked.push(message.text());
  });
  world.after(async () => {
    if (blocked.length > 0) throw new Error(`the page broke its own rules: ${blocked.join('; ')}`);
  });
  return { context, page };
}

/** Logs in on the page that is shown. */
export async function logIn(page, name = 'admin', password = PASSWORD) {
  await page.fill('#name', name);
  await page.fill('#password', password);
  await page.click('#submit');
}

/** Waits until the frame of the pages says who is logged in. */
export async function loggedIn(page, name = 'admin') {
  const user = page.locator('header #user:not(:empty)');
  await user.waitFor();
  const shown = await user.textContent();
  if (shown !== name) throw new Error(`${shown} is logged in, not ${name}`);
}

/** Logs out by the menu of the frame. */
export async function logOut(page) {
  await page.getByRole('button', { name: /^Account/ }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await page.locator('#login').waitFor();
}

/** The session cookies of a profile. */
export async function sessions(context) {
  return (await context.cookies()).filter((cookie) => cookie.name.includes('pintle-session-'));
}

/** A call of the page's own. */
export async function call(page, method, at, body) {
  return page.evaluate(async ([method, at, body]) => {
    const request = { method, headers: {} };
    if (body !== undefined) {
      request.headers['content-type'] = 'application/json';
      request.body = JSON.stringify(body);
    }
    const answer = await fetch(`${document.body.dataset.base}/api/v1/${at}`, request);
    return { status: answer.status, body: await answer.json().catch(() => null) };
  }, [method, at, body]);
}

/** A call of a program, with the admin's token. */
export async function asAdmin(url, method, at, body) {
  const headers = { 'content-type': 'application/json' };
  const login = await fetch(`${url}/api/v1/session`, { method: 'POST', headers, body: JSON.stringify({ name: 'admin', password: PASSWORD }) });
  const { token } = await login.json();
  const answer = await fetch(`${url}/api/v1/${at}`, { method, headers: { ...headers, authorization: `Bearer ${token}` }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${at}: ${answer.status} ${await answer.text()}`);
}

export function sql(database, text) {
  execFileSync('psql', ['--quiet', '--no-psqlrc', '--set=ON_ERROR_STOP=1', '-c', text, database], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Waits until something is so. */
export async function until(what, is) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await is();
    if (found) return found;
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}
