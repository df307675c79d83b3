// How many lived at any time, worked out backwards from what is and what happened; and the server's own figures.
import { all, get } from './api.js';
import * as clock from './clock.js';
import * as hub from './hub.js';
import { oneAtATime, Signal, throttled } from './signal.js';
import { pastGroups } from './groups.js';
import { stateWord } from '../words/enums.js';
import { filterString } from '../words/text.js';

const TRANSITIONS_MOST = 5000;
const AGAIN_MS = 10000;
const SERVERS_MOST = 16;
const COUNTED = { ALIVE: 'alive', SUSPECT: 'suspect', DEAD: 'dead', LEFT: 'left' };

export class OverviewStore {
  changed = new Signal();
  stats = null;
  server = null;
  groups = [];
  servers = [];      // {id, counts}
  count = null;      // {times, alive, suspect, dead} in seconds and numbers
  rate = null;       // {times, deaths, others} a minute
  complete = true;
  gaps = [];
  transitions = [];
  error = null;
  heartbeatRate = NaN;
  #range = 3600e3;
  #auto = true;
  #generation = 0;  // of what is asked for: another range, another history
  // Two at once would each add what they find.
  #load = oneAtATime(() => this.#loadOnce(this.#generation));
  #ends = [];
  #last = null;
  #soon = throttled(() => this.#load(), 2000);

  constructor() {
    const timer = setInterval(() => { if (!document.hidden) this.#soon(); }, AGAIN_MS);
    this.#ends = [hub.events.on(() => this.#soon()), hub.reset.on(() => this.#anew()), () => clearInterval(timer)];
  }

  close() { for (const end of this.#ends.splice(0)) end(); }

  ask(range) {
    this.#auto = !range;
    this.#range = Math.min(range || 3600e3, 7 * 24 * 3600e3);
    this.#anew();
  }

  #anew() {
    ++this.#generation;
    this.transitions = [];
    this.gaps = [];
    this.#load();
  }

  async #loadOnce(generation) {
    try {
      await hub.ready;
      if (!this.#ends.length) return;
      const from = clock.now() - this.#range;
      const asked = Date.now();
      const [stats, server] = await Promise.all([get('stats'), get('server')]);
      // After the counts: whatever came meanwhile has a revision above theirs, and is left for the next time.
      await this.#loadTransitions(from, generation);
      if (generation !== this.#generation) return;
      clock.learn(stats.as_of, asked);
      this.#beats(stats);
      Object.assign(this, { stats, server, error: null });
      const oldest = Date.parse(this.transitions.at(-1)?.time ?? stats.as_of);
      this.#compute(this.transitions, !this.complete ? oldest : this.#auto ? Math.max(from, Math.min(oldest, clock.now() - 60e3) - 1000) : from);
      this.changed.tell(this);
      await Promise.all([pastGroups().then((groups) => { this.groups = groups; }), this.#loadServers()]);
    } catch (error) {
      this.error = error;
    }
    this.changed.tell(this);
  }

  // Newest first. What is here is not asked for again: a transition never changes.
  async #loadTransitions(from, generation) {
    const newest = this.transitions[0]?.revision;
    const since = newest ? `revision > ${newest}` : `time >= ${filterString(new Date(from).toISOString())}`;
    const { items, gaps, complete } = await all('transitions', { filter: since, order_by: 'revision desc' }, 'transitions', TRANSITIONS_MOST);
    if (generation !== this.#generation) return;
    if (newest && !complete) return void this.#anew();
    const slim = items.map(({ revision, time, from_state, to_state }) => ({ revision, time, from_state, to_state }));
    const kept = [...slim, ...this.transitions];
    this.gaps = [...gaps, ...this.gaps];
    this.complete = newest ? this.complete && kept.length <= TRANSITIONS_MOST : complete;
    this.transitions = kept.slice(0, TRANSITIONS_MOST).filter((each) => Date.parse(each.time) >= from);
  }

  #beats(stats) {
    const at = Date.parse(stats.as_of), beats = Number(stats.heartbeat_count);
    if (this.#last && at < this.#last.at + 1000) return;
    if (this.#last && beats >= this.#last.beats) this.heartbeatRate = (1000 * (beats - this.#last.beats)) / (at - this.#last.at);
    this.#last = { at, beats };
  }

  #compute(newestFirst, from) {
    const counts = { ...Object.fromEntries(Object.values(COUNTED).map((key) => [key, Number(this.stats.counts?.[key] ?? 0)])) };
    const end = Date.parse(this.stats.as_of);
    const points = [[end, { ...counts }]];
    const minutes = new Map();
    for (const each of newestFirst) {
      if (Number(each.revision) > Number(this.stats.revision)) continue;
      const at = Date.parse(each.time);
      const to = COUNTED[stateWord(each.to_state)], was = COUNTED[stateWord(each.from_state)];
      const minute = Math.floor(at / 60000);
      const bin = minutes.get(minute) ?? { deaths: 0, others: 0 };
      ++bin[to === 'dead' && was !== 'dead' ? 'deaths' : 'others'];
      minutes.set(minute, bin);
      if (to === was) continue;
      points.push([at, { ...counts }]);
      if (to) --counts[to];
      if (was) ++counts[was];
      points.push([at - 0.001, { ...counts }]);
    }
    points.push([from, { ...counts }]);
    points.reverse();
    this.count = { times: points.map(([at]) => at / 1000), ...Object.fromEntries(
      ['alive', 'suspect', 'dead'].map((key) => [key, points.map(([, each]) => Math.max(0, each[key]))])) };
    const first = Math.floor(from / 60000), last = Math.floor(end / 60000);
    const times = Array.from({ length: Math.max(1, last - first + 1) }, (_, i) => first + i);
    // The last bar ends where the next minute begins.
    this.rate = { times: [...times, last + 1].map((minute) => minute * 60), deaths: [...times.map((minute) => minutes.get(minute)?.deaths || null), null],
      all: [...times.map((minute) => (minutes.get(minute)?.deaths ?? 0) + (minutes.get(minute)?.others ?? 0) || null), null] };
  }

  // There is no list of servers: each is asked for as "whose client is that which none of these serves".
  async #loadServers() {
    const found = [];
    while (found.length < SERVERS_MOST) {
      const filter = found.map(({ id }) => `server_id != ${filterString(id)}`).join(' AND ');
      const { clients } = await get('clients', { filter, page_size: 1 });
      const id = clients?.[0]?.server_id;
      if (!id || found.some((each) => each.id === id)) break;
      found.push({ id, counts: (await get('stats', { filter: `server_id = ${filterString(id)}` })).counts });
    }
    this.servers = found;
  }
}
