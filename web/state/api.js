// The server's JSON, and its errors as they are told.
import { Signal } from './signal.js';

const ROOT = new URL('api/v1/', document.baseURI);
const PATIENCE_MS = 15000;

export class ApiError extends Error {
  constructor(status, body) {
    super(body.message || body.code || `HTTP ${status}`);
    Object.assign(this, { status, code: body.code ?? '', reason: body.reason ?? '', details: body.details ?? [] });
  }

  // {column, message} of a filter that does not parse; null if this is no such error.
  get filterError() {
    const violations = this.details.flatMap((detail) => detail.field_violations ?? detail.violations ?? [detail]);
    const told = violations.find((each) => each?.field === 'filter')?.description;
    const match = /column (\d+):?\s*(.*)/s.exec(told ?? this.message);
    if (match) return { column: Number(match[1]), message: match[2] };
    return this.reason.startsWith('BAD_FILTER') || this.reason.startsWith('FILTER_') ? { column: 0, message: this.message } : null;
  }
}

// Whether the server asks who one is: why, in its words, or '' while it answers. Tells of each change.
export const door = Object.assign(new Signal(), { closed: '' });

function setDoor(closed) {
  if (door.closed === closed) return;
  door.closed = closed;
  door.tell();
}

export function url(path, params = {}) {
  // Without the dot `server:drain` would be a scheme.
  const target = new URL(`./${path}`, ROOT);
  for (const [key, value] of Object.entries(params)) {
    if (value !== undefined && value !== '' && value !== 0) target.searchParams.set(key, value);
  }
  return target;
}

export const clientPath = (id) => `clients/${encodeURIComponent(id)}`;

async function call(target, init, signal) {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const response = await fetch(target, { ...init, signal: signal ? AbortSignal.any([signal, patience]) : patience,
    cache: 'no-store' });
  const body = await response.json().catch(() => ({}));
  // The first word stays: a token that is wrong is told where it was given.
  if (response.status === 401) setDoor(door.closed || body.message || 'who are you?');
  else if (response.ok) setDoor('');
  if (!response.ok) throw new ApiError(response.status, body);
  return body;
}

export const get = (path, params, signal) => call(url(path, params), {}, signal);

export const post = (path, body) => call(url(path), {
  method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

// From now on the browser shows `token`, in a cookie that no script can read; '' : no more.
export async function logIn(token) {
  await call(url('session'), token ? { method: 'POST', headers: { Authorization: `Bearer ${token}` } } : { method: 'DELETE' });
}

// All pages of a list, `field` of each, at most `most`. Says in `complete` whether that was all.
export async function all(path, params, field, most, signal) {
  const items = [];
  let token = '';
  const gaps = [];
  let last = {};
  do {
    last = await get(path, { ...params, page_size: Math.min(1000, most - items.length), page_token: token }, signal);
    items.push(...(last[field] ?? []));
    gaps.push(...(last.gaps ?? []));
    token = last.next_page_token;
  } while (token && items.length < most);
  return { items, gaps, complete: !token, last };
}
