// Who fell at the same time, and whether it may be the server's own fault.
import { html } from 'lit';
import { blindSpots } from './timeline.js';
import { causeWord, stateWord } from '../words/enums.js';
import { age, moment, nanos } from '../words/span.js';
import { count, listedName, printable } from '../words/text.js';
import { viewHref } from '../state/route.js';
import { stateMark } from './mark.js';

const MARGIN_MS = 5000;
// A busy machine credits some milliseconds every now and then: less than this part of the timeout decides nothing.
const WEIGHT = 10;

// What the server says of itself in the time in which this verdict was drawn, in one sentence.
export function blame({ client, server, history, together: around, samples: _ }, now) {
  if (!server || !['SUSPECT', 'DEAD'].includes(stateWord(client.state))) return '';
  const fell = around?.at ?? Date.parse(client.state_time);
  const from = fell - nanos(client.timeout || '0s') / 1e6 - MARGIN_MS;
  const to = Math.min(now, Math.max(fell, Date.parse(client.state_time)) + MARGIN_MS);
  const spots = blindSpots(server, [], history, now).filter((each) => each.from <= to && each.to >= from);
  const credited = nanos(client.evidence?.heartbeat?.credited);
  const told = [
    ...spots.map((each) => `${each.word.replaceAll('_', ' ').toLowerCase()} at ${moment(each.from).slice(11, 19)} UTC${
      each.to > each.from ? ` for ${age((each.to - each.from) * 1e6)}` : ''}${each.text ? ` (${each.text})` : ''}`),
    ...(credited >= nanos(client.timeout) / WEIGHT ? [`${age(credited)} in which it could not receive were credited to this client`] : []),
  ];
  return told.length ? html`<strong>The server may have had a part in it:</strong> ${printable(told.join('; '))}.`
    : `The server reports nothing of its own that would explain it: no stall, doubt, outage or restart between ${
      moment(from).slice(11, 19)} and ${moment(to).slice(11, 19)} UTC.`;
}

const most = (falls, value) => {
  const counts = new Map();
  for (const each of falls) counts.set(value(each), (counts.get(value(each)) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).filter(([key]) => key).slice(0, 4);
};

export function together({ id, together: { falls, complete, at } }, { zone }) {
  const others = falls.filter((each) => each.client_id !== id).sort((a, b) => Math.abs(Date.parse(a.time) - at) - Math.abs(Date.parse(b.time) - at));
  if (!others.length) return html`<p>Nobody else fell within 30 s of it.</p>`;
  const own = falls.find((each) => each.client_id === id)?.client;
  const same = own?.host ? others.filter((each) => each.client?.host === own.host).length : 0;
  const list = (values) => values.map(([key, n]) => `${key} (${n})`).join(', ');
  return html`<p><b>${count(others.length, 'other client')}${complete ? '' : ' or more'}</b> fell within 30 s${own?.host ? `, ${same} of them on its host` : ''}.
      Causes: ${list(most(others, (each) => causeWord(each.cause)))}. Hosts: ${printable(list(most(others, (each) => each.client?.host)) || 'not told')}.
      Servers: ${printable(list(most(others, (each) => each.client?.server_id)) || 'not told')}.</p>
    <ul class="inline-list">${others.slice(0, 40).map((each) => html`<li>${stateMark(each.to_state)} <a href=${viewHref('client', { id: each.client_id })}>${
      listedName(each.client_id)}</a> <span class="note">${offset(Date.parse(each.time) - at)}</span></li>`)}</ul>
    <p><a href=${viewHref('events', { zone, filter: `to_state = DEAD OR to_state = SUSPECT time >= "${new Date(at - 30000).toISOString()}" time <= "${new Date(at + 30000).toISOString()}"` })}>All
      of them as events</a></p>`;
}

const offset = (ms) => (Math.abs(ms) < 1 ? 'at the same time' : ms > 0 ? `${age(ms * 1e6)} later` : `${age(-ms * 1e6)} earlier`);
