// All that is known of one client: its record, its history, who fell with it, and what befell the server.
import { all, ApiError, clientPath, get } from './api.js';
import * as clock from './clock.js';
import * as hub from './hub.js';
import { oneAtATime, Signal, throttled } from './signal.js';
import { isFall, stateWord } from '../words/enums.js';
import { filterString } from '../words/text.js';

const HISTORY_MOST = 1000;
const AGAIN_MS = 2000;
// Who fell so much before or after is told beside it: a host's clients do not fall in the same instant.
const AROUND_MS = 30000;
const TOGETHER_MOST = 200;
const SAMPLES = 300;

export class ClientStore {
  changed = new Signal();
  id = '';
  client = null;        // as of `transition` where a revision was asked for
  transition = null;
  history = [];         // newest first
  gaps = [];
  complete = true;
  compacted = 0;
  together = null;      // {at, falls, complete} around its last fall
  server = null;
  error = null;
  loaded = false;       // what there is, is here
  samples = [];         // {time, rtt} since the page was opened
  #revision = '';
  #abort = new AbortController();
  #ends = [];
  #whole = oneAtATime(() => this.#load(true));
  #poll = oneAtATime(() => this.#load(false));
  #soon = throttled(this.#whole, 500);

  constructor() {
    this.#ends = [
      hub.events.on((batch) => {
        if (batch.some((each) => each.kind === 'transition' && each.data.client_id === this.id)) this.#soon();
      }),
      hub.reset.on(this.#whole),
    ];
    const timer = setInterval(() => { if (!document.hidden) (this.error ? this.#whole : this.#poll)(); }, AGAIN_MS);
    this.#ends.push(() => clearInterval(timer));
  }

  close() {
    for (const end of this.#ends) end();
    this.#abort.abort();
    this.id = '';
  }

  ask(id, revision) {
    if (id === this.id && revision === this.#revision) return;
    Object.assign(this, { id, client: null, transition: null, history: [], gaps: [], together: null, error: null, loaded: false, samples: [] });
    this.#revision = revision;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#whole();
  }

  async #load(whole) {
    if (!this.id) return;
    const { signal } = this.#abort;
    try {
      await hub.ready;
      if (this.#revision) {
        if (whole) await this.#asOf(signal);
      } else {
        const asked = Date.now();
        this.client = await get(clientPath(this.id), {}, signal).catch((error) => {
          // Dropped, but history may know it.
          if (!(error instanceof ApiError && error.status === 404)) throw error;
          return null;
        });
        if (this.client) this.#sample(asked);
      }
      if (whole) await this.#loadHistory(signal);
      this.error = null;
      this.loaded = true;
    } catch (error) {
      if (signal.aborted) return;
      this.error = error;
    }
    this.changed.tell(this);
  }

  #sample() {
    const rtt = parseFloat(this.client.rtt);
    if (stateWord(this.client.state) !== 'ALIVE' || !Number.isFinite(rtt)) return;
    this.samples.push({ time: clock.now(), rtt });
    if (this.samples.length > SAMPLES) this.samples.shift();
  }

  async #asOf(signal) {
    const page = await get('transitions', { filter: `client_id = ${filterString(this.id)} AND revision <= ${this.#revision}`,
      order_by: 'revision desc', page_size: 1 }, signal);
    this.transition = page.transitions[0] ?? null;
    this.client = this.transition && { ...this.transition.client, evidence: this.transition.evidence ?? this.transition.client?.evidence };
  }

  async #loadHistory(signal) {
    const [history, server] = await Promise.all([
      all('transitions', { filter: `client_id = ${filterString(this.id)}`, order_by: 'revision desc' }, 'transitions',
        HISTORY_MOST, signal),
      get('server', {}, signal)]);
    Object.assign(this, { history: history.items, gaps: history.gaps, complete: history.complete, server,
      compacted: Number(history.last.compacted_revision) });
    this.changed.tell(this);
    await this.#loadTogether(signal);
  }

  async #loadTogether(signal) {
    const upTo = this.#revision ? Number(this.#revision) : Infinity;
    const fall = this.history.find((each) => isFall(each) && Number(each.revision) <= upTo);
    if (!fall || !['SUSPECT', 'DEAD'].includes(stateWord(this.client?.state ?? 'DEAD'))) {
      this.together = null;
      return;
    }
    this.together = await falls(Date.parse(fall.time), TOGETHER_MOST, signal);
  }
}

// Who fell around `at`, each once.
export async function falls(at, most, signal) {
  const time = (ms) => filterString(new Date(ms).toISOString());
  const { items, complete } = await all('transitions', {
    filter: `(to_state = SUSPECT OR to_state = DEAD) AND time >= ${time(at - AROUND_MS)} AND time <= ${time(at + AROUND_MS)}`,
  }, 'transitions', most, signal);
  const fallen = new Map();
  for (const each of items) if (isFall(each)) fallen.set(each.client_id, each);
  return { at, from: at - AROUND_MS, to: at + AROUND_MS, falls: [...fallen.values()], complete };
}
