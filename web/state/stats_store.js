// Counts by state, of a filter and of a label's values, as the server counts them.
import { get } from './api.js';
import { learn } from './clock.js';
import * as hub from './hub.js';
import { oneAtATime, Signal, throttled } from './signal.js';

const SOON_MS = 400;
const AGAIN_MS = 5000;

export class StatsStore {
  changed = new Signal();
  stats = null;
  error = null;
  #filter = '';
  #group = '';
  #abort = new AbortController();
  #ends = [];
  #load = oneAtATime(() => this.#loadOnce());

  constructor() {
    const soon = throttled(() => this.#load(), SOON_MS);
    const timer = setInterval(soon, AGAIN_MS);
    this.#ends = [hub.events.on((batch) => batch.some((each) => each.kind === 'transition') && soon()),
      hub.reset.on(soon), () => clearInterval(timer)];
  }

  close() {
    for (const end of this.#ends) end();
    this.#abort.abort();
  }

  ask(filter, group = '') {
    if (this.stats && filter === this.#filter && group === this.#group) return;
    this.#filter = filter;
    this.#group = group;
    this.#abort.abort();
    this.#load();
  }

  async #loadOnce() {
    this.#abort = new AbortController();
    const mine = this.#abort;
    const asked = Date.now();
    try {
      this.stats = await get('stats', { filter: this.#filter, group_by_label: this.#group }, mine.signal);
      learn(this.stats.as_of, asked);
      this.error = null;
    } catch (error) {
      if (mine.signal.aborted) return;
      this.error = error;
    }
    this.changed.tell(this);
  }
}

export const total = (counts) =>
  ['alive', 'suspect', 'dead', 'left'].reduce((sum, key) => sum + Number(counts?.[key] ?? 0), 0);
