// Lets a terminal log in as the person who is logged in here, after asking.
'use strict';

const base = document.body.dataset.base;
const element = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);

function show(section) {
  for (const id of ['ask', 'code', 'done']) element(id).hidden = id !== section;
}

function tell(text) {
  element('error').textContent = text;
  element('error').hidden = false;
}

async function call(method, path, body) {
  const request = { method, headers: { accept: 'application/json' }, credentials: 'same-origin' };
  if (body !== undefined) {
    request.headers['content-type'] = 'application/json';
    request.body = JSON.stringify(body);
  }
  const answer = await fetch(`${base}/api/v1/${path}`, request);
  const json = await answer.json().catch(() => ({}));
  return { ok: answer.ok, status: answer.status, json };
}

// The port of the terminal on this machine; none when the code is to be copied.
function port() {
  const text = asked.get('port');
  if (text === null) return null;
  const number = Number(text);
  return Number.isInteger(number) && number > 0 && number < 65536 ? number : NaN;
}

async function start() {
  const challenge = asked.get('challenge') || '';
  const state = asked.get('state') || '';
  if (!/^[A-Za-z0-9_-]{43}$/.test(challenge) || !/^[A-Za-z0-9_-]{1,128}$/.test(state) || Number.isNaN(port())) {
    tell('This address is not complete. Run pintle login again.');
    return;
  }
  const me = await call('GET', 'access/me');
  if (me.status === 401) {
    const here = `/cli${location.search}`;
    const provider = asked.get('provider');
    location.replace(provider
      ? `${base}/api/v1/session/oidc/${encodeURIComponent(provider)}?next=${encodeURIComponent(here)}`
      : `${base}/?next=${encodeURIComponent(here)}`);
    return;
  }
  if (!me.ok) {
    tell(me.json.title || `The server answered ${me.status}`);
    return;
  }
  element('user').textContent = me.json.user;
  element('allow').addEventListener('click', () => allow(challenge, state).catch((error) => tell(error.message)));
  show('ask');
}

async function allow(challenge, state) {
  element('allow').disabled = true;
  const made = await call('POST', 'session/code', { challenge });
  if (!made.ok) {
    tell(made.json.detail || made.json.title || `The server answered ${made.status}`);
    return;
  }
  if (port() === null) {
    element('text').textContent = made.json.code;
    show('code');
    return;
  }
  show('done');
  const answer = new URLSearchParams({ code: made.json.code, state });
  location.replace(`http://127.0.0.1:${port()}/callback?${answer}`);
}

start().catch((error) => tell(error.message));
