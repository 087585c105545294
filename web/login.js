// The login page: logging in and out, and the open sessions. It gives way to the console.
'use strict';

const base = document.body.dataset.base;
const element = (id) => document.getElementById(id);

class Problem extends Error {
  constructor(body, retryAfter) {
    const fields = (body.fields || []).map((field) => `${field.field} ${field.problem}`).join('; ');
    super([body.title, body.detail || fields].filter(Boolean).join(': '));
    this.code = body.code;
    this.retryAfter = retryAfter;
  }
}

async function call(method, path, body) {
  const request = { method, headers: { accept: 'application/json' }, credentials: 'same-origin' };
  if (body !== undefined) {
    request.headers['content-type'] = 'application/json';
    request.body = JSON.stringify(body);
  }
  const answer = await fetch(`${base}/api/v1/${path}`, request);
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const problem = await answer.json().catch(() => ({ title: `The server answered ${answer.status}` }));
  throw new Problem(problem, answer.headers.get('retry-after'));
}

function tell(error) {
  const text = error && (error.code === 'too_many_requests' && error.retryAfter
    ? `Too many attempts. Try again in ${error.retryAfter} s.` : error.message);
  element('error').textContent = text || '';
  element('error').hidden = !text;
}

// A path of this server that was asked for before the login; anything else is ignored.
function next() {
  const wanted = new URLSearchParams(location.search).get('next') || '';
  const plain = /^\/(?![/\\])[\x21-\x7e]*$/.test(wanted) && !wanted.includes('\\');
  return plain ? wanted : null;
}

function show(section) {
  for (const id of ['login', 'session']) element(id).hidden = id !== section;
  element('status').textContent = '';
}

async function start() {
  element('plain').hidden = location.protocol === 'https:';
  try {
    await showSession(await call('GET', 'access/me'));
  } catch (error) {
    if (error.code !== 'unauthenticated') tell(error);
    await showLogin();
  }
}

async function showLogin() {
  show('login');
  element('renew').hidden = true;
  const { providers } = await call('GET', 'identity-providers');
  element('providers').replaceChildren(...providers.map(({ name }) => {
    const link = document.createElement('a');
    link.className = 'button';
    link.textContent = `Log in with ${name}`;
    const wanted = next();
    link.href = `${base}/api/v1/session/oidc/${encodeURIComponent(name)}${wanted ? `?next=${encodeURIComponent(wanted)}` : ''}`;
    return link;
  }));
  element('name').focus();
}

async function logIn(event) {
  event.preventDefault();
  tell(null);
  const body = { name: element('name').value, password: element('password').value, cookie: true };
  if (!element('renew').hidden) {
    if (element('new-password').value !== element('again').value) {
      tell(new Error('The two new passwords are not the same.'));
      return;
    }
    body.new_password = element('new-password').value;
  }
  element('submit').disabled = true;
  try {
    await call('POST', 'session', body);
    element('form').reset();
    const wanted = next();
    if (wanted) location.assign(base + wanted);
    else await showSession(await call('GET', 'access/me'));
  } catch (error) {
    if (error.code === 'password_change_required') {
      element('renew').hidden = false;
      element('new-password').focus();
    } else {
      tell(error);
    }
  } finally {
    element('submit').disabled = false;
  }
}

async function showSession(caller) {
  show('session');
  element('user').textContent = caller.user;
  const { sessions } = await call('GET', 'sessions');
  element('sessions').replaceChildren(...sessions.map(row));
}

function row(session) {
  const shown = (instant) => (instant ? new Date(instant).toLocaleString() : '');
  const line = document.createElement('tr');
  const kind = session.browser ? session.agent || 'browser' : session.agent || 'program';
  for (const text of [shown(session.created_at), shown(session.last_used_at), session.address || '', kind]) {
    const cell = document.createElement('td');
    cell.textContent = text;
    line.append(cell);
  }
  const last = document.createElement('td');
  if (session.current) {
    last.textContent = 'this one';
  } else {
    const end = document.createElement('button');
    end.type = 'button';
    end.textContent = 'End';
    end.addEventListener('click', () => act(() => call('DELETE', `sessions/${session.id}`)));
    last.append(end);
  }
  line.append(last);
  return line;
}

// Does something, and shows what is there then.
async function act(what) {
  tell(null);
  try {
    await what();
  } catch (error) {
    tell(error);
  }
  await start();
}

element('form').addEventListener('submit', logIn);
element('logout').addEventListener('click', () => act(() => call('DELETE', 'session')));
element('others').addEventListener('click', () => act(() => call('DELETE', 'sessions')));
element('status').textContent = 'Loading…';
start().catch(tell);
