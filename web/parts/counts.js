// Counts by state, each a link that asks for those, and by a label's values.
import { html } from 'lit';
import { href } from '../state/route.js';
import { total } from '../state/stats_store.js';
import { rounded, nanos } from '../words/span.js';
import { filterString, number, printable } from '../words/text.js';
import { shape } from './mark.js';

const STATES = [['alive', 'ALIVE', 'state = ALIVE'], ['suspect', 'SUSPECT', 'state = SUSPECT'],
  ['dead', 'DEAD', 'state = DEAD'], ['left', 'LEFT', 'state = LEFT'], ['stalled', 'STALLED', 'health = STALLED'],
  ['maintenance', 'MAINTENANCE', 'health = MAINTENANCE']];

export const and = (filter, more) => (filter ? `(${filter}) AND ${more}` : more);

export function countsBar(stats, filter) {
  const counts = stats?.counts ?? {};
  return html`<ul class="counts" aria-label="Clients by state">
    <li><span class="number">${stats ? number(total(counts)) : '–'}</span> all</li>
    ${STATES.map(([key, word, condition]) => html`<li class=${Number(counts[key]) ? word : 'none'}>
      <a href=${href({ filter: and(filter, condition), view: 'clients' })}>${shape(word)}<span
        class="number">${stats ? number(counts[key]) : '–'}</span> ${word}</a></li>`)}
  </ul>`;
}

const labelKey = (key) => (/^[A-Za-z_][\w-]*$/.test(key) ? `labels.${key}` : `labels.${filterString(key)}`);

// The values with the most trouble first.
export function groupTable(stats, filter, key) {
  const groups = [...(stats?.groups ?? [])].sort((a, b) =>
    Number(b.counts.dead) - Number(a.counts.dead) || Number(b.counts.suspect) - Number(a.counts.suspect));
  if (!groups.length) return html`<p class="note">No client has a label “${printable(key)}”.</p>`;
  return html`<div class="scroll groups" tabindex="0" role="region" aria-label="Counts by label"><table>
    <caption class="sr">Clients by ${printable(key)}</caption>
    <thead><tr><th scope="col">${printable(key)}</th>${STATES.map(([, word]) => html`<th scope="col" class="right">${word}</th>`)}
      <th scope="col" class="right">found p50</th><th scope="col" class="right">p99</th><th scope="col" class="right">mistakes</th></tr></thead>
    <tbody>${groups.map((group) => html`<tr><th scope="row"><a href=${href({
        filter: and(filter, group.value ? `${labelKey(key)} = ${filterString(group.value)}` : `NOT ${labelKey(key)}:*`) })}>${
          group.value ? printable(group.value) : '(without)'}</a></th>
      ${STATES.map(([field, word]) => html`<td class="right ${Number(group.counts?.[field]) ? word : 'none'}">${number(group.counts?.[field])}</td>`)}
      <td class="right">${rounded(nanos(group.detection_time_p50))}</td><td class="right">${rounded(nanos(group.detection_time_p99))}</td>
      <td class="right">${number(group.mistake_count)}</td></tr>`)}</tbody></table></div>`;
}
