// What a client left behind: its will, and its last minute.
import { html } from 'lit';
import { isStale } from '../words/evidence.js';
import { millis, moment, nanos, rounded, size } from '../words/span.js';
import { printable } from '../words/text.js';

const span = (text) => rounded(nanos(text));
// Every process has memory: a note without any told no load.
const told = (note) => Number(note.load?.memory_bytes) > 0;

export function lastWords(client, zone) {
  const { will, notes = [] } = client.evidence.last_words;
  return html`${will ? html`<blockquote>${printable(will)}</blockquote>` : html`<p class="note">It left no will.</p>`}
    ${notes.length ? html`<div class="scroll" tabindex="0" role="region" aria-label="Its last minute"><table><caption class="sr">Its last minute</caption>
      <thead><tr><th scope="col">Time</th><th scope="col">RTT</th><th scope="col">CPU</th><th scope="col">Memory</th><th scope="col">Delay</th><th scope="col">Progress</th></tr></thead>
      <tbody>${notes.map((note) => html`<tr><td>${moment(millis(note.time), zone)}</td><td>${span(note.rtt)}</td>
        <td>${told(note) ? `${Math.round(note.load.cpu_usage * 100)}%` : ''}</td><td>${told(note) ? size(note.load.memory_bytes) : ''}</td>
        <td>${told(note) ? span(note.load.scheduling_delay) || '0s' : ''}</td>
        <td>${printable((note.progress ?? []).map((each) => `${each.name} ${span(each.age)}${isStale(each) ? ' STALE' : ''}`).join(', '))}</td></tr>`)}</tbody>
    </table></div>` : ''}`;
}

// How it was doing when it was last heard.
export function loadFacts(client) {
  const note = client.evidence?.last_words?.notes?.at(-1);
  if (!note || !told(note)) return '';
  return html`<p>At the end: ${Math.round(note.load.cpu_usage * 100)}% CPU, ${size(note.load.memory_bytes)}, timer late by ${span(note.load.scheduling_delay) || '0s'}</p>`;
}
