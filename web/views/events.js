// What happened, the newest first, as it happens; mass failures among it.
import { html } from 'lit';
import { get } from '../state/api.js';
import { ticks } from '../state/clock.js';
import * as hub from '../state/hub.js';
import { changed as routeChanged, href, route } from '../state/route.js';
import { throttled } from '../state/signal.js';
import { pastGroups } from '../state/groups.js';
import { View } from '../parts/view.js';
import { copy, copyButton, transitionsCommand } from '../parts/commands.js';
import { transitionTable } from '../parts/transition_table.js';
import { download } from '../parts/export.js';
import { number } from '../words/text.js';
import '../parts/filter_box.js';

const PAGE = 100;

class Events extends View {
  #items = [];
  #groups = [];
  #gaps = [];
  #token = '';
  #error = null;
  #asked = '';
  #pages = 1;
  #soon = throttled(() => this.#load(), 500);

  connectedCallback() {
    super.connectedCallback();
    this.follow(ticks);
    this.follow(routeChanged, () => { if (this.#key() !== this.#asked) { this.#pages = 1; this.#load(); } });
    this.atEnd(hub.events.on((batch) => {
      if (!route.revision && batch.some((each) => each.kind === 'transition')) this.#soon();
      if (batch.some((each) => each.kind === 'group')) this.#loadGroups();
    }));
    this.atEnd(hub.status.on(({ phase }) => { if (phase === 'live' && this.#error && !this.#error.code) this.#soon(); }));
    this.atEnd(hub.reset.on(() => { this.#soon(); this.#loadGroups(); }));
    this.#load();
    this.#loadGroups();
  }

  #key() { return `${route.filter}\n${route.revision}`; }

  #filter() {
    const upTo = route.revision ? `revision <= ${route.revision}` : '';
    return route.filter && upTo ? `(${route.filter}) AND ${upTo}` : route.filter || upTo;
  }

  async #loadGroups() {
    this.#groups = await pastGroups().catch(() => [...hub.groups]);
    this.requestUpdate();
  }

  async #load() {
    if (!this.isConnected || route.view !== 'events') return;
    const key = this.#asked = this.#key();
    await hub.ready;
    try {
      const items = [];
      const gaps = [];
      let token = '';
      for (let page = 0; page < this.#pages && (page === 0 || token); ++page) {
        const answer = await get('transitions', { filter: this.#filter(), order_by: 'revision desc', page_size: PAGE, page_token: token });
        items.push(...answer.transitions);
        gaps.push(...answer.gaps ?? []);
        token = answer.next_page_token;
      }
      if (key !== this.#asked) return;
      this.#items = items;
      this.#gaps = gaps;
      this.#token = token;
      this.#error = null;
    } catch (error) {
      this.#error = error;
    }
    this.requestUpdate();
  }

  key(key) {
    if (key !== '/') return false;
    this.querySelector('lv-filter').focusInput();
    return true;
  }

  // Group events stand where they happened, whatever the filter: they are about many.
  #rows() {
    const oldest = Number(this.#items.at(-1)?.revision ?? 0);
    const upTo = route.revision ? Number(route.revision) : Infinity;
    const groups = this.#groups.filter((each) => Number(each.revision) <= upTo && (!this.#token || Number(each.revision) >= oldest));
    return [...this.#items, ...groups].sort((a, b) => Number(b.revision) - Number(a.revision) || (a.scope ? 1 : -1));
  }

  render() {
    const newest = this.#items[0]?.revision;
    return html`<h1 class="sr">Events</h1>
      <div class="bar"><lv-filter .error=${this.#error} placeholder='to_state = DEAD AND age < 1h'></lv-filter>
      <div class="tools">${copyButton(transitionsCommand(route), 'Copy as livenessctl')}
        <button type="button" ?disabled=${!newest} @click=${() => copy(new URL(href({ revision: newest, history: hub.now.historyId }), location.href).href)}>Copy permalink</button>
        <button type="button" ?disabled=${!this.#items.length} @click=${() => download('events.ndjson', 'application/x-ndjson',
          this.#items.map((each) => `${JSON.stringify(each)}\n`).join(''))}>NDJSON</button></div></div>
      ${route.revision ? html`<p class="banner" role="note">${route.history && hub.now.historyId && route.history !== hub.now.historyId
        ? 'This link is of another history of the registry. ' : ''}As of revision ${route.revision}. <a href=${href({ revision: '', history: '' })}>Show it live</a></p>` : ''}
      ${transitionTable(this.#rows(), { withClient: true })}
      ${this.#gaps.map((gap) => html`<p class="note">Between revisions ${gap.after_revision} and ${gap.resumes_at_revision} history is not whole.</p>`)}
      <p class="note status">${number(this.#items.length)} transitions${this.#token ? html` · <button type="button" @click=${() => { ++this.#pages; this.#load(); }}>Older</button>`
        : ', no older ones are kept'}</p>`;
  }
}
customElements.define('lv-events', Events);
