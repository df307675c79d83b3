// Transitions, newest first, each with a link to the record as it was.
import { html } from 'lit';
import { now } from '../state/clock.js';
import * as hub from '../state/hub.js';
import { route, viewHref } from '../state/route.js';
import { causeWord, healthWord } from '../words/enums.js';
import { when } from '../words/span.js';
import { listedName, printable } from '../words/text.js';
import { mark, stateMark } from './mark.js';

const permalink = (each) => viewHref('client', { id: each.client_id, revision: each.revision, history: hub.now.historyId });

function change(each) {
  const [from, to] = [healthWord(each.from_health), healthWord(each.to_health)];
  const state = each.from_state === each.to_state ? '' : stateMark(each.to_state);
  return html`${state} ${from !== to && to ? (to === 'OK' ? (from && !state ? html`<span class="mark OK">OK again</span>` : '') : mark(to)) : ''}${
    state || from !== to ? '' : html`<span class="note">record changed</span>`}`;
}

export function transitionTable(transitions, { withClient }) {
  const ctx = { times: route.times, zone: route.zone };
  const at = now();
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Transitions"><table class="transitions"><caption class="sr">Transitions, the newest first</caption>
    <thead><tr><th scope="col">Time</th>${withClient ? html`<th scope="col">Client</th>` : ''}<th scope="col">Became</th><th scope="col">Cause</th>
      <th scope="col">What was seen</th><th scope="col">Incarnation</th><th scope="col">Revision</th></tr></thead>
    <tbody>${transitions.map((each) => {
      if (each.scope) return groupRow(each, withClient, at, ctx);
      const { text, title } = when(Date.parse(each.time), at, ctx);
      return html`<tr class=${each.revision === route.revision ? 'selected' : ''}><td><time title=${title}>${text}</time></td>
        ${withClient ? html`<td><a href=${viewHref('client', { id: each.client_id })}>${listedName(each.client_id)}</a></td>` : ''}
        <td>${change(each)}</td><td>${causeWord(each.cause)}</td><td class="summary">${printable(each.evidence?.summary ?? '')}</td>
        <td>${each.incarnation}</td><td><a href=${permalink(each)} title="The record as it was then">${each.revision}</a></td></tr>`;
    })}</tbody></table></div>`;
}

function groupRow(group, withClient, at, ctx) {
  const { text, title } = when(Date.parse(group.time), at, ctx);
  return html`<tr class="group"><td><time title=${title}>${text}</time></td>
    <td colspan=${withClient ? 5 : 4}><b>MASS FAILURE</b> ${printable(group.scope)}: ${group.affected_count} of ${group.member_count} clients fell together</td>
    <td>${group.revision}</td></tr>`;
}
