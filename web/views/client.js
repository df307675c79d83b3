// One client: the verdict first, then what it rests on, layer by layer; what happened before; who fell with it;
// and whether the server may be to blame.
import { html } from 'lit';
import { now, ticks } from '../state/clock.js';
import { ClientStore } from '../state/client_store.js';
import * as hub from '../state/hub.js';
import { changed as routeChanged, go, href, route, viewHref } from '../state/route.js';
import { View } from '../parts/view.js';
import { healthMark, stateMark } from '../parts/mark.js';
import { copy, copyButton, getCommand } from '../parts/commands.js';
import { evictButton, maintenanceButton } from '../parts/admin.js';
import { bundleButton } from '../parts/bundle.js';
import { RANGES, timeline } from '../parts/timeline.js';
import { blame, together } from '../parts/together.js';
import { lastWords, loadFacts } from '../parts/last_words.js';
import { transitionTable } from '../parts/transition_table.js';
import { causeWord, healthWord, stateWord } from '../words/enums.js';
import { evidenceLines, keepaliveLines, progressLines, verdictSentence } from '../words/evidence.js';
import { distinctName, filterString, printable } from '../words/text.js';
import { distance, exact, millis, moment, nanos, rounded } from '../words/span.js';
import '../parts/chart.js';

const RTT_SERIES = [{ label: 'RTT', color: 'accent' }];

class ClientView extends View {
  #store = new ClientStore();

  connectedCallback() {
    super.connectedCallback();
    this.follow(this.#store.changed);
    this.follow(ticks);
    this.follow(routeChanged, () => this.#ask());
    this.atEnd(() => this.#store.close());
    this.#ask();
  }

  #ask() {
    if (route.view === 'client') this.#store.ask(route.id, route.revision);
  }

  render() {
    const { client, error, history } = this.#store;
    return html`<p class="crumb"><a href=${viewHref('clients')}>Clients</a> /</p>
      <h1 class="id">${distinctName(route.id)}</h1>
      ${error ? html`<p class="error" role="alert">${printable(error.message)}</p>` : ''}
      ${this.#permalink()}
      ${client ? this.#body(client) : history.length ? html`<p class="verdict">Its record was dropped. What history still says of it is below.</p>${this.#timeline()}`
        : error ? '' : html`<p class="note">${this.#store.loaded ? 'No client of this name is known here, nor does history speak of one.' : 'Loading…'}</p>`}
      ${history.length ? this.#history() : ''}`;
  }

  #permalink() {
    if (!route.revision) return '';
    const other = route.history && hub.now.historyId && route.history !== hub.now.historyId;
    return html`<p class="banner" role="note">${other ? html`This link is of another history of the registry (${printable(route.history)}): what follows may be of
      something else. ` : ''}As of revision ${route.revision}${this.#store.transition ? html`, ${moment(millis(this.#store.transition.time), route.zone)}` : ''}.
      <a href=${href({ revision: '', history: '' })}>Show it live</a></p>`;
  }

  #body(client) {
    const at = now();
    return html`<div class="verdict ${stateWord(client.state)}">${stateMark(client.state)} ${healthMark(client.health)}
        ${causeWord(client.cause) ? html`<b>${causeWord(client.cause)}</b>` : ''}
        <p>${printable(verdictSentence(client, at))}</p></div>
      ${route.revision ? '' : html`<p class="blame">${blame(this.#store, at)}</p>`}
      <div class="tools">${copyButton(getCommand(route.id), 'Copy as livenessctl')}
        <button type="button" @click=${() => copy(new URL(href({ revision: client.revision, history: hub.now.historyId }), location.href).href)}>Copy permalink</button>
        <a class="button" href=${viewHref('events', { filter: `client_id = ${filterString(route.id)}` })}>Its events</a>
        ${bundleButton(() => this.#incident(), 'Incident bundle')}
        ${maintenanceButton(`client_id = ${filterString(client.client_id)}`, client.client_id)}${evictButton(client)}</div>
      ${this.#store.history.length ? this.#timeline() : ''}
      <div class="columns">
        <section aria-labelledby="evidence"><h2 id="evidence">Evidence, layer by layer</h2>${this.#evidence(client, at)}</section>
        <section aria-labelledby="record"><h2 id="record">Record</h2>${this.#facts(client, at)}</section>
        <section aria-labelledby="work"><h2 id="work">Progress and round trip</h2>${this.#progress(client)}${this.#rtt(client)}</section>
        ${client.evidence?.last_words ? html`<section class="wide" aria-labelledby="words"><h2 id="words">Last words</h2>${lastWords(client, route.zone)}</section>` : ''}
        ${this.#store.together ? html`<section class="wide" aria-labelledby="together"><h2 id="together">Who fell with it</h2>${together(this.#store, route)}</section>` : ''}
      </div>`;
  }

  #incident() {
    const fall = this.#store.together;
    return { time: fall ? new Date(fall.at).toISOString() : this.#store.client?.state_time, scope: `client ${route.id}`, client_id: route.id };
  }

  #evidence(client, at) {
    const lines = client.evidence ? evidenceLines(client.evidence, at, route.zone) : [];
    if (!lines.length) return html`<p class="note">Nothing to explain: it is alive and well.</p>`;
    return facts(lines);
  }

  #facts(client, at) {
    const time = (text) => (text ? `${moment(millis(text), route.zone)} (${distance(millis(text), at)})` : '');
    const lines = [
      [stateWord(client.state) || 'State', client.state_time ? `since ${time(client.state_time)}` : ''],
      ['Health', healthWord(client.health)], ['Flapping', client.flapping ? 'yes, it falls again and again; alerts about it are better held back' : ''],
      ['Last heartbeat', time(client.last_heartbeat_time)], ['Deadline', time(client.deadline_time)], ['Registered', time(client.register_time)],
      ['Interval, timeout', `${exact(nanos(client.interval))}, ${exact(nanos(client.timeout))}; grace ${exact(nanos(client.resume_grace)) || '0s'}`],
      ['Host, PID', [client.host, Number(client.pid) ? client.pid : ''].filter(Boolean).join(', ')], ['Peer', client.peer_address],
      ['Version', client.version], ['Instance', client.instance_id], ['Incarnation', `${client.incarnation}, attachment ${client.attachment}`],
      ['Server', client.server_id], ['Revision', client.revision], ['Principal', client.principal], ['Reported by', client.reported_by],
      ...Object.keys(client.labels ?? {}).sort().map((key) => [`label ${key}`, client.labels[key]]),
      ...(client.keepalive ? keepaliveLines(client.keepalive).map((line) => [line.name, line.text]) : []),
    ].filter(([, text]) => text).map(([name, text]) => ({ name, text }));
    return facts(lines);
  }

  #progress(client) {
    const lines = progressLines(client.progress);
    return lines.length ? facts(lines) : html`<p class="note">It tells no progress tokens.</p>`;
  }

  #rtt(client) {
    const notes = client.evidence?.last_words?.notes?.filter((note) => note.rtt) ?? [];
    const dead = stateWord(client.state) !== 'ALIVE';
    const points = dead ? notes.map((note) => ({ time: millis(note.time), rtt: parseFloat(note.rtt) })) : this.#store.samples;
    if (!points.length) return html`<p class="note">Round trip: not known.</p>`;
    const values = points.map((each) => each.rtt * 1e9);
    return html`<div class="spark"><lv-chart plain height="40" .series=${RTT_SERIES} label="Round trip over time"
        .data=${[points.map((each) => each.time / 1000), points.map((each) => each.rtt * 1000)]}></lv-chart>
      <p>RTT ${rounded(values.at(-1))}, ${rounded(Math.min(...values))} to ${rounded(Math.max(...values))} ${dead ? 'in its last minute' : 'since this page is open'}</p></div>
      ${loadFacts(client)}`;
  }

  #timeline() {
    const { history, gaps, server } = this.#store;
    return html`<section aria-labelledby="timeline"><h2 id="timeline">Timeline</h2>
      <div class="tools" role="group" aria-label="Range">${Object.keys(RANGES).map((range) => html`<button aria-pressed=${route.range === range ? 'true' : 'false'}
        @click=${() => go({ range }, true)}>${range}</button>`)}</div>
      ${timeline({ history, gaps, server, now: now(), zone: route.zone, range: route.range, revision: route.revision })}</section>`;
  }

  #history() {
    const { history, complete, compacted } = this.#store;
    return html`<section aria-labelledby="history"><h2 id="history">What happened to it</h2>
      ${complete ? '' : html`<p class="note">Only its latest ${history.length} transitions are shown.</p>`}
      ${compacted && stateWord(history.at(-1).from_state) ? html`<p class="note">History up to revision ${compacted} is no longer kept.</p>` : ''}
      ${transitionTable(history.slice(0, 200), { withClient: false })}</section>`;
  }
}

export const facts = (lines) => html`<dl class="facts">${lines.map((line) => html`<dt>${printable(line.name)}</dt><dd class=${line.bad ? 'bad' : ''}>${printable(line.text)}</dd>`)}</dl>`;

customElements.define('lv-client', ClientView);
