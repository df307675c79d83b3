// The list: ten thousand rows of which some forty are drawn. The focus stays on the grid; the row that the
// keyboard stands on is its active descendant.
import { html, nothing } from 'lit';
import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from '@tanstack/virtual-core';
import { now, ticks } from '../state/clock.js';
import { changed as routeChanged, go, route, viewHref } from '../state/route.js';
import { ListStore } from '../state/list_store.js';
import { StatsStore, total } from '../state/stats_store.js';
import { COLUMNS, columnsOf } from '../parts/columns.js';
import { countsBar, groupTable } from '../parts/counts.js';
import { View } from '../parts/view.js';
import { exportMenu } from '../parts/export.js';
import { listCommand, copyButton } from '../parts/commands.js';
import { maintenanceButton } from '../parts/admin.js';
import { number } from '../words/text.js';
import { stateWord } from '../words/enums.js';
import '../parts/filter_box.js';

const ROW_PX = 24;
const REFRESH_TICKS = 5;
const AHEAD = 300;

class ClientList extends View {
  #store = new ListStore();
  #stats = new StatsStore();
  #selected = -1;
  #selectedId = '';
  #ticks = 0;
  #virtualizer;
  #columnsSet = '';

  constructor() {
    super();
    this.#virtualizer = new Virtualizer({
      count: 0, getScrollElement: () => this.querySelector('.grid-body'), estimateSize: () => ROW_PX, overscan: 6,
      scrollToFn: elementScroll, observeElementRect, observeElementOffset, onChange: () => this.requestUpdate(),
    });
  }

  connectedCallback() {
    super.connectedCallback();
    this.follow(this.#store.changed, () => this.#keepSelection());
    this.follow(this.#stats.changed);
    this.follow(routeChanged, () => this.#ask());
    this.follow(ticks, () => { if (++this.#ticks % REFRESH_TICKS === 0) this.#refresh(); });
    this.atEnd(() => { this.#store.close(); this.#stats.close(); });
    this.#ask();
  }

  firstUpdated() { this.atEnd(this.#virtualizer._didMount()); }

  #ask() {
    if (route.view !== 'clients') return;
    this.#store.ask(route.filter, route.order);
    this.#stats.ask(route.filter, route.group);
  }

  #visible() { return this.#virtualizer.getVirtualItems(); }

  #refresh() {
    if (this.#store.bounded) return;
    this.#store.refresh(this.#visible().map((item) => this.#store.rows[item.index])
      .filter((row) => row && stateWord(row.state) === 'ALIVE').map((row) => row.client_id));
  }

  // The client stays selected, not the place where it was.
  #keepSelection() {
    if (!this.#selectedId) return;
    if (this.#store.rows[this.#selected]?.client_id === this.#selectedId) return;
    const known = this.#store.get(this.#selectedId);
    this.#selected = known ? this.#store.rows.indexOf(known) : Math.min(this.#selected, this.#store.rows.length - 1);
    this.#selectedId = this.#store.rows[this.#selected]?.client_id ?? '';
  }

  select(index) {
    const rows = this.#store.rows;
    this.#selected = Math.max(0, Math.min(rows.length - 1, index));
    this.#selectedId = rows[this.#selected]?.client_id ?? '';
    this.#virtualizer.scrollToIndex(this.#selected, { align: 'auto' });
    this.requestUpdate();
  }

  // Keys of the whole page that this view knows what to do with.
  key(key) {
    const page = Math.max(1, Math.floor((this.querySelector('.grid-body')?.clientHeight ?? 0) / ROW_PX) - 1);
    const steps = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (key === '/') this.querySelector('lv-filter').focusInput();
    else if (key in steps) {
      this.querySelector('.grid-body').focus({ preventScroll: true });
      this.select(Number.isFinite(steps[key]) ? this.#selected + steps[key] : key === 'Home' ? 0 : this.#store.rows.length - 1);
    } else if (key === 'Enter' && this.#selectedId) go(viewHref('client', { id: this.#selectedId }));
    else return false;
    return true;
  }

  #sort(column) {
    const ascending = column.order;
    go({ order: route.order === ascending ? `${ascending} desc` : ascending }, true);
  }

  updated() {
    const body = this.querySelector('.grid-body');
    if (!body) return;
    this.#virtualizer._willUpdate();
    const columns = this.#template();
    if (columns !== this.#columnsSet) {
      this.#columnsSet = columns;
      this.querySelector('.grid').style.setProperty('--columns', columns);
    }
  }

  #template() {
    return columnsOf(route.cols).map((column) => (route.times === 'abs' && column.wide) || column.width).join(' ');
  }

  render() {
    const { rows, bounded, complete, loading, error } = this.#store;
    const filterError = error ?? this.#stats.error;
    const all = filterError ? rows.length : Math.max(rows.length, total(this.#stats.stats?.counts));
    this.#virtualizer.setOptions({ ...this.#virtualizer.options, count: rows.length });
    const items = this.#visible();
    if (!loading && !complete && items.length && items.at(-1).index > rows.length - AHEAD) this.#store.more();
    return html`<h1 class="sr">Clients</h1>
      <div class="bar">
        <lv-filter .error=${error}></lv-filter>
        ${this.#tools()}
      </div>
      ${countsBar(this.#stats.stats, route.filter)}
      ${route.group ? groupTable(this.#stats.stats, route.filter, route.group) : ''}
      ${this.#grid(rows, items, all, loading)}
      <p class="note status">${error && !rows.length ? 'Nothing to show' : loading && !rows.length ? 'Loading…' : `${number(rows.length)} of ${number(all)} clients`}${
        bounded && all > rows.length ? ': the first of this order, asked for again every 5 s' : !complete && !error ? ', more as you scroll' : ''}${
        rows.length || loading || error ? '' : route.filter ? ': none matches this filter' : ': none has said hello yet'}</p>`;
  }

  #tools() {
    return html`<div class="tools">
      <label class="inline">By label <input class="short" type="text" .value=${route.group} placeholder="zone" list="label-keys"
        spellcheck="false" @change=${(event) => go({ group: event.target.value.trim() }, true)}></label>
      <datalist id="label-keys">${this.#labelKeys().map((key) => html`<option value=${key}></option>`)}</datalist>
      <details class="menu"><summary>Columns</summary><fieldset><legend class="sr">Columns</legend>${COLUMNS.map((column) =>
        html`<label><input type="checkbox" .checked=${columnsOf(route.cols).includes(column)}
          @change=${() => this.#toggle(column)}>${column.title}</label>`)}</fieldset></details>
      ${exportMenu(route.filter, route.order)}
      ${copyButton(listCommand(route), 'Copy as livenessctl')}
      ${maintenanceButton(route.filter)}
    </div>`;
  }

  #labelKeys() {
    return [...new Set(this.#store.rows.slice(0, 200).flatMap((row) => Object.keys(row.labels ?? {})))].sort();
  }

  #toggle(column) {
    const shown = columnsOf(route.cols);
    const wanted = COLUMNS.filter((each) => (each === column ? !shown.includes(each) : shown.includes(each)));
    const isDefault = wanted.every((each) => !each.off) && wanted.length === COLUMNS.filter((each) => !each.off).length;
    go({ cols: isDefault ? '' : wanted.map((each) => each.key).join(',') }, true);
  }

  #grid(rows, items, all, loading) {
    const columns = columnsOf(route.cols);
    const [ordered, way] = route.order.split(' ');
    const ctx = { now: now(), times: route.times, zone: route.zone };
    const start = items[0]?.start ?? 0;
    return html`<div class="grid" role="grid" aria-label="Clients" aria-rowcount=${all + 1} aria-colcount=${columns.length}
        aria-busy=${loading && !rows.length ? 'true' : 'false'}>
      <div class="row head" role="row" aria-rowindex="1">${columns.map((column) => html`<div role="columnheader"
          aria-sort=${column.order === ordered ? (way ? 'descending' : 'ascending') : column.order ? 'none' : nothing}>${column.order
            ? html`<button class="plain" @click=${() => this.#sort(column)}>${column.title}${column.order === ordered ? (way ? ' ▾' : ' ▴') : ''}</button>`
            : column.title}</div>`)}</div>
      <div class="grid-body" role="rowgroup" tabindex="0" aria-label="Rows of clients"
          aria-activedescendant=${items.some((item) => item.index === this.#selected) ? `row-${this.#selected}` : nothing}
          @click=${(event) => this.#clicked(event)} @dblclick=${() => this.key('Enter')}>
        <div class="spacer" role="presentation" .style=${`height:${this.#virtualizer.getTotalSize()}px`}>
        <div class="window" role="presentation" .style=${`transform:translateY(${start}px)`}>${items.map((item) => {
          const client = rows[item.index];
          return client ? html`<div class="row ${item.index === this.#selected ? 'selected' : ''} ${stateWord(client.state)}" role="row"
            id="row-${item.index}" aria-rowindex=${item.index + 2} aria-selected=${item.index === this.#selected ? 'true' : 'false'}
            data-index=${item.index}>${columns.map((column) => html`<div role="gridcell" class=${column.key}>${column.cell(client, ctx)}</div>`)}</div>` : '';
        })}</div></div>
      </div></div>`;
  }

  #clicked(event) {
    const row = event.target.closest('[data-index]');
    if (row) this.select(Number(row.dataset.index));
  }
}
customElements.define('lv-list', ClientList);
