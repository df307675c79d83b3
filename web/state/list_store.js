// The rows of one list: the server filters, sorts and pages, the stream patches. Not older than the stream:
// each row bears the revision of its last transition, and the higher one wins.
import { get } from './api.js';
import { learn } from './clock.js';
import * as hub from './hub.js';
import { filterString } from '../words/text.js';
import { perFrame, Signal, throttled } from './signal.js';

const PAGE = 1000;
// Loaded without being asked for. What lies beyond comes as the reader gets there.
const EAGER = 20000;
// Orders by what changes without being told: the server gives its first page, which is asked for again.
const BOUNDED = /^(rtt|last_heartbeat_time|state_time)\b/;
const AGED = /\b(\w+_age|rtt|last_heartbeat_time|deadline_time)\b/;
const AGAIN_MS = 5000;
const IDS_ASKED = 100;
const FORGOTTEN_KEPT = 10000;

// As the server sorts: by bytes of UTF-8, that is by characters and not by halves of them.
export function compareText(a, b) {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; ++i) {
    const x = a.charCodeAt(i), y = b.charCodeAt(i);
    if (x !== y) return x >= 0xD800 && y >= 0xD800 ? (x >= 0xE000 ? x - 0x2000 : x) - (y >= 0xE000 ? y - 0x2000 : y) : x - y;
  }
  return a.length - b.length;
}

// Whole fleets fall within a millisecond.
const micros = (text) => Date.parse(text) * 1000 + Number((/\.\d{3}(\d{3})/.exec(text) ?? [0, 0])[1]);

const KEYS = {
  state_time: (client) => micros(client.state_time),
  last_heartbeat_time: (client) => micros(client.last_heartbeat_time),
  rtt: (client) => parseFloat(client.rtt),
};

function comparator(order) {
  const [field, way] = order.split(' ');
  const sign = way === 'desc' ? -1 : 1;
  const key = KEYS[field];
  const byId = (a, b) => compareText(a.client_id, b.client_id);
  if (!key) return (a, b) => sign * byId(a, b);
  // Who has no such value comes last either way; those of one value are in order of their ids.
  return (a, b) => {
    const x = key(a), y = key(b);
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || byId(a, b);
    return sign * (x - y) || byId(a, b);
  };
}

export class ListStore {
  changed = new Signal();
  rows = [];           // in order
  complete = false;    // no further page
  bounded = false;     // only the first of them are to be had in this order
  loading = false;
  error = null;
  revision = 0;
  #byId = new Map();
  #forgotten = new Map();
  #query = { filter: '', order: 'client_id' };
  #compare = comparator('client_id');
  #token = '';
  #abort = new AbortController();
  #doubtful = new Set();
  #tell = perFrame(() => this.changed.tell(this));
  #recheck = throttled(() => this.#askOfDoubtful(), 200);
  #ends = [];

  constructor() {
    this.#ends = [hub.events.on((batch) => this.#patch(batch)), hub.reset.on(() => this.reload()),
      // What failed with the network is tried again with it.
      hub.status.on(({ phase }) => { if (phase === 'live' && this.error && !this.error.code && !this.loading) this.reload(); })];
    const timer = setInterval(() => {
      if (!document.hidden && !this.loading && (this.bounded || AGED.test(this.#query.filter))) this.reload();
    }, AGAIN_MS);
    this.#ends.push(() => clearInterval(timer));
  }

  close() {
    for (const end of this.#ends) end();
    this.#abort.abort();
  }

  get(id) { return this.#byId.get(id); }

  ask(filter, order) {
    if (filter === this.#query.filter && order === this.#query.order && (this.rows.length || this.loading)) return;
    this.#query = { filter, order };
    this.#compare = comparator(order);
    this.bounded = BOUNDED.test(order);
    this.reload();
  }

  // The rows that stand stay until the new ones are here.
  async reload() {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#doubtful.clear();
    const mine = this.#abort;
    this.loading = true;
    this.#tell();
    await hub.ready;
    if (mine.signal.aborted) return;
    let first = true;
    try {
      do {
        const page = await this.#page(first ? '' : this.#token, mine.signal);
        if (first) this.#begin();
        first = false;
        this.#add(page);
      } while (!this.complete && this.rows.length < EAGER);
    } catch (error) {
      if (mine.signal.aborted) return;
      this.error = error;
    }
    this.loading = false;
    this.#tell();
  }

  // The next page, if there is one.
  async more() {
    if (this.loading || this.complete) return;
    this.loading = true;
    const mine = this.#abort;
    try {
      this.#add(await this.#page(this.#token, mine.signal));
    } catch (error) {
      if (mine.signal.aborted) return;
      this.error = error;
    }
    this.loading = false;
    this.#tell();
  }

  async #page(token, signal) {
    const asked = Date.now();
    const { filter, order } = this.#query;
    const page = await get('clients', { filter, order_by: order, page_size: PAGE, page_token: token }, signal);
    learn(page.as_of, asked);
    return page;
  }

  #begin() {
    this.rows = [];
    this.#byId.clear();
    this.complete = false;
    this.error = null;
  }

  #add(page) {
    for (const client of page.clients ?? []) {
      if ((this.#forgotten.get(client.client_id) ?? -1) >= Number(client.revision)) continue;
      const known = this.#byId.get(client.client_id);
      if (known && Number(known.revision) > Number(client.revision)) continue;
      if (known) this.#remove(client.client_id);
      this.#place(client, true);
    }
    this.#token = page.next_page_token ?? '';
    // In a bounded order the first page is all there is.
    this.complete = !this.#token || this.bounded;
    this.revision = Number(page.revision);
    this.#tell();
  }

  #find(client) {
    let low = 0, high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(this.rows[middle], client) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // `listed`: the server says that it belongs here. Else a client behind the last row comes with its page.
  #place(client, listed = false) {
    const last = this.rows.at(-1);
    const behind = !last || this.#compare(client, last) > 0;
    if (behind && !listed && !this.complete) return;
    this.#byId.set(client.client_id, client);
    if (behind) this.rows.push(client);
    else this.rows.splice(this.#find(client), 0, client);
  }

  #remove(id) {
    const known = this.#byId.get(id);
    if (!known) return;
    this.#byId.delete(id);
    let at = this.#find(known);
    if (this.rows[at] !== known) at = this.rows.indexOf(known);
    if (at >= 0) this.rows.splice(at, 1);
  }

  #patch(batch) {
    for (const { kind, data } of batch) {
      if (kind !== 'transition') continue;
      const revision = Number(data.revision);
      const known = this.#byId.get(data.client_id);
      if (known && Number(known.revision) >= revision) continue;
      if (data.to_state === 'STATE_FORGOTTEN') {
        this.#remove(data.client_id);
        this.#forgotten.set(data.client_id, revision);
        if (this.#forgotten.size > FORGOTTEN_KEPT) this.#forgotten.delete(this.#forgotten.keys().next().value);
        continue;
      }
      // Evidence is for the client's own view; ten thousand rows need not hold it.
      const { evidence, keepalive, progress, ...client } = data.client;
      if (known) {
        const at = this.#find(known);
        if (this.rows[at] === known && this.#compare(known, client) === 0) {
          this.#byId.set(client.client_id, client);
          this.rows[at] = client;
        } else {
          this.#remove(client.client_id);
          this.#place(client, true);
        }
      } else if (!this.#query.filter) {
        this.#place(client);
      }
      if (this.#query.filter) this.#doubtful.add(client.client_id);
    }
    if (this.#doubtful.size) this.#recheck();
    this.#tell();
  }

  // Only the server knows what matches a filter.
  async #askOfDoubtful() {
    if (this.#doubtful.size > 5 * IDS_ASKED) {
      this.reload();
      return;
    }
    const mine = this.#abort;
    while (this.#doubtful.size && !mine.signal.aborted) {
      const ids = [...this.#doubtful].slice(0, IDS_ASKED);
      for (const id of ids) this.#doubtful.delete(id);
      try {
        this.#settle(ids, await this.askFor(ids, this.#query.filter, mine.signal));
      } catch {
        if (!mine.signal.aborted) this.reload();
        return;
      }
    }
  }

  async askFor(ids, filter, signal) {
    const some = ids.map((id) => `client_id = ${filterString(id)}`).join(' OR ');
    return get('clients', { filter: filter ? `(${filter}) AND (${some})` : some, page_size: IDS_ASKED }, signal);
  }

  #settle(ids, page) {
    const matching = new Map(page.clients.map((client) => [client.client_id, client]));
    for (const id of ids) {
      const known = this.#byId.get(id);
      const found = matching.get(id);
      if (known && Number(known.revision) > Number(found?.revision ?? page.revision)) continue;
      this.#remove(id);
      if (found) this.#place(found);
    }
    this.#tell();
  }

  // What no transition tells: asked for the rows that are seen.
  async refresh(ids) {
    if (!ids.length || this.loading) return;
    const mine = this.#abort;
    const asked = Date.now();
    const page = await this.askFor(ids.slice(0, IDS_ASKED), '', mine.signal).catch(() => null);
    if (!page || mine.signal.aborted) return;
    learn(page.as_of, asked);
    for (const client of page.clients) {
      const known = this.#byId.get(client.client_id);
      if (!known || Number(known.revision) !== Number(client.revision)) continue;
      known.rtt = client.rtt;
      known.last_heartbeat_time = client.last_heartbeat_time;
    }
    this.#tell();
  }
}
