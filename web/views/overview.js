// The fleet and the server at a glance: how many live, what happens, how well it is judged.
import { html } from 'lit';
import { now, ticks } from '../state/clock.js';
import { OverviewStore } from '../state/overview_store.js';
import { changed as routeChanged, go, route, viewHref } from '../state/route.js';
import { View } from '../parts/view.js';
import { bundleButton } from '../parts/bundle.js';
import { countsBar } from '../parts/counts.js';
import { drainButtons } from '../parts/admin.js';
import { blindSpots, RANGES } from '../parts/timeline.js';
import { incidentWord } from '../words/enums.js';
import { exact, millis, nanos, rounded, when } from '../words/span.js';
import { filterString, number, printable } from '../words/text.js';
import { facts } from './client.js';
import '../parts/chart.js';

const COUNT = [{ label: 'ALIVE', color: 'alive', width: 2 }, { label: 'SUSPECT', color: 'suspect', dash: [6, 3] }, { label: 'DEAD', color: 'dead', dash: [2, 2] }];
const RATE = [{ label: 'all', color: 'muted', bars: true, fill: 'line', width: 1 }, { label: 'deaths', color: 'dead', bars: true, fill: 'dead', width: 1 }];

class Overview extends View {
  #store = new OverviewStore();
  #asked = '';

  connectedCallback() {
    super.connectedCallback();
    this.follow(this.#store.changed);
    this.follow(ticks);
    this.follow(routeChanged, () => this.#ask());
    this.atEnd(() => this.#store.close());
    this.#ask();
  }

  #ask() {
    if (route.range === this.#asked) return;
    this.#asked = route.range;
    this.#store.ask(RANGES[route.range] || 0);
  }

  render() {
    const { stats, server, error, complete } = this.#store;
    return html`<h1 class="sr">Overview</h1>${error ? html`<p class="error" role="alert">${printable(error.message)}</p>` : ''}
      ${countsBar(stats, '')}
      <div class="tools" role="group" aria-label="Range">${Object.keys(RANGES).filter((range) => range !== 'all').map((range) => html`<button
        aria-pressed=${route.range === range ? 'true' : 'false'} @click=${() => go({ range }, true)}>${range}</button>`)}</div>
      ${complete ? '' : html`<p class="note">So much happened that the charts begin later than asked for.</p>`}
      ${stats ? html`<div class="columns">${this.#charts()}${this.#server(server)}${this.#detection(stats)}${this.#incidents(server)}${this.#massFailures(stats)}${this.#servers()}</div>`
        : html`<p class="note">Loading…</p>`}`;
  }

  #charts() {
    const { count, rate, server, gaps, transitions } = this.#store;
    const spans = blindSpots(server, gaps, transitions, now());
    const key = html`<ul class="legend" aria-hidden="true"><li><i class="blind"></i>the server did not see, or did not keep</li></ul>`;
    return html`<section class="wide"><h2>Clients over time</h2><lv-chart height="150" .series=${COUNT} .spans=${spans}
        label=${`Clients over time: ${count.alive[0]} alive at the beginning, ${count.alive.at(-1)} now`}
        .data=${[count.times, count.alive, count.suspect, count.dead]}></lv-chart>${key}</section>
      <section class="wide"><h2>Transitions a minute</h2><lv-chart height="110" .series=${RATE} .spans=${spans}
        label=${`Transitions a minute: at most ${Math.max(0, ...rate.all)}`} .data=${[rate.times, rate.all, rate.deaths]}></lv-chart>${key}</section>`;
  }

  #server(info) {
    const lines = [
      { name: 'Server', text: `${info.server_id}, ${info.version}` }, { name: 'Listens on', text: info.listener?.addresses?.join(', ') ?? info.listen_address },
      { name: 'Up', text: when(millis(info.start_time), now(), { ...route, times: 'rel' }).text.replace(' ago', '') },
      { name: 'Ready', text: info.ready ? 'yes' : (info.not_ready ?? []).map((each) => `${each.reason}: ${each.message}`).join('; ') || 'no', bad: !info.ready },
      { name: 'Draining', text: info.draining ? (info.drain_end_time ? `until ${info.drain_end_time}` : 'yes') : 'no', bad: info.draining },
      { name: 'Store', text: `${info.store}, revision ${info.revision}` }, { name: 'History', text: info.history_id },
      { name: 'Canary', text: String(info.canary?.state ?? '').replace('CANARY_STATE_', '').toLowerCase(),
        bad: /DOUBT|SPENT/.test(info.canary?.state) },
      { name: 'Connections', text: `${number(info.listener?.connection_count)} of at most ${number(info.listener?.max_connection_count)}` },
      { name: 'Accept errors', text: number(info.listener?.accept_error_count), bad: Number(info.listener?.accept_error_count) > 0 },
      { name: 'Presets', text: `${info.keepalive_preset}, interval ${exact(nanos(info.default_interval))}, timeout ${exact(nanos(info.default_timeout))}, grace ${
        exact(nanos(info.resume_grace)) || '0s'}` },
    ];
    return html`<section><h2>This server</h2>${facts(lines)}<div class="tools">${drainButtons(info)}</div></section>`;
  }

  #detection(stats) {
    const card = stats.scorecard ?? {};
    const { heartbeatRate } = this.#store;
    const lines = [
      { name: 'Heartbeats', text: `${number(stats.heartbeat_count)}${Number.isFinite(heartbeatRate) ? `, ${number(Math.round(heartbeatRate))} a second` : ''}` },
      { name: 'Streams', text: number(stats.stream_count) }, { name: 'Watchers', text: number(stats.watcher_count) },
      { name: 'Found within', text: `p50 ${rounded(nanos(card.detection_time_p50)) || '–'}, p99 ${rounded(nanos(card.detection_time_p99)) || '–'}, at most ${
        rounded(nanos(card.detection_time_max)) || '–'}` },
      { name: 'Suspicions', text: `${number(card.suspicion_count)}, ${number(card.refuted_suspicion_count)} of them refuted` },
      { name: 'Deaths found', text: `${number(card.death_count)}, ${number(card.mistaken_death_count)} of them mistaken`, bad: Number(card.mistaken_death_count) > 0 },
      { name: 'Mistakes', text: `${Number(card.mistake_rate ?? 0).toPrecision(2)} per client and day; right in ${(100 * Number(card.query_accuracy ?? 1)).toFixed(4)}% of the time` },
      { name: 'Self-doubt', text: `${number(stats.doubt_count)} times, ${number(stats.held_death_count)} deaths waited${stats.in_doubt ? '; IN DOUBT NOW' : ''}`, bad: stats.in_doubt },
      { name: 'Credited time', text: `${rounded(nanos(stats.credited_time)) || '0s'} in ${number(stats.stall_count)} stalls; ${
        rounded(nanos(stats.canary_credited_time)) || '0s'} on the canary's word` },
      { name: 'Unread credits', text: number(stats.unread_credit_count) },
      { name: 'Machine slept', text: `${number(stats.suspend_count)} times, ${rounded(nanos(stats.suspended_time)) || '0s'}` },
    ];
    return html`<section><h2>How well it judges</h2>${facts(lines)}</section>`;
  }

  #incidents(info) {
    const incidents = [...info.incidents ?? []].reverse().slice(0, 12);
    return html`<section><h2>What befell the server</h2>${incidents.length ? html`<ul class="plain-list">${incidents.map((each) => {
      const { text, title } = when(millis(each.start_time), now(), route);
      return html`<li><time title=${title}>${text}</time> <b>${incidentWord(each.kind)}</b>${each.end_time ? (nanos(each.length) ? ` for ${rounded(nanos(each.length))}` : '')
        : ', goes on'}${each.message ? `: ${printable(each.message)}` : ''}</li>`;
    })}</ul>` : html`<p class="note">Nothing.</p>`}</section>`;
  }

  #massFailures(stats) {
    const { groups } = this.#store;
    return html`<section><h2>Mass failures</h2><p class="note">${number(stats.group_event_count)} since the server started.</p>
      <ul class="plain-list">${groups.slice(0, 12).map((group) => {
        const { text, title } = when(millis(group.time), now(), route);
        return html`<li><time title=${title}>${text}</time> <b>${printable(group.scope)}</b>: ${group.affected_count} of ${group.member_count}
          <a href=${viewHref('events', { revision: group.revision })}>events</a> ${bundleButton(() => group, 'Bundle')}</li>`;
      })}</ul></section>`;
  }

  #servers() {
    const { servers, server } = this.#store;
    return html`<section><h2>Servers that hold clients</h2>${servers.length ? html`<table><thead><tr><th scope="col">Server</th><th scope="col" class="right">ALIVE</th>
      <th scope="col" class="right">SUSPECT</th><th scope="col" class="right">DEAD</th></tr></thead><tbody>${servers.map(({ id, counts }) => html`<tr>
      <th scope="row"><a href=${viewHref('clients', { filter: `server_id = ${filterString(id)}` })}>${printable(id)}</a>${id === server.server_id ? ' (this one)' : ''}</th>
      <td class="right">${number(counts?.alive)}</td><td class="right">${number(counts?.suspect)}</td><td class="right">${number(counts?.dead)}</td></tr>`)}</tbody></table>`
      : html`<p class="note">None.</p>`}</section>`;
  }
}
customElements.define('lv-overview', Overview);
