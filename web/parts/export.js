// What the filter gives, whole, as a file: CSV for a spreadsheet, NDJSON for everything else.
import { html } from 'lit';
import { all } from '../state/api.js';
import { labelsText } from './columns.js';
import { causeWord, healthWord, stateWord } from '../words/enums.js';
import { notice } from './notice.js';
import { number } from '../words/text.js';

const MOST = 200000;
const FIELDS = [
  ['client_id', (c) => c.client_id], ['state', (c) => stateWord(c.state)], ['state_time', (c) => c.state_time],
  ['health', (c) => healthWord(c.health)], ['cause', (c) => causeWord(c.cause)],
  ['summary', (c) => c.evidence?.summary], ['last_heartbeat_time', (c) => c.last_heartbeat_time], ['rtt', (c) => c.rtt],
  ['host', (c) => c.host], ['pid', (c) => c.pid], ['version', (c) => c.version], ['peer_address', (c) => c.peer_address],
  ['server_id', (c) => c.server_id], ['instance_id', (c) => c.instance_id], ['incarnation', (c) => c.incarnation],
  ['register_time', (c) => c.register_time], ['interval', (c) => c.interval], ['timeout', (c) => c.timeout],
  ['flapping', (c) => c.flapping], ['revision', (c) => c.revision], ['labels', (c) => labelsText(c.labels)],
];

// A spreadsheet takes what begins so for a formula.
const cell = (value) => {
  const text = String(value ?? '');
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

export const csv = (clients) =>
  [FIELDS.map(([name]) => name), ...clients.map((client) => FIELDS.map(([, value]) => value(client)))]
    .map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
export const ndjson = (clients) => clients.map((client) => `${JSON.stringify(client)}\n`).join('');

export function download(name, type, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function run(kind, filter, order) {
  try {
    const bounded = /^(rtt|last_heartbeat_time|state_time)\b/.test(order);
    const { items, complete } = await all('clients',
      { filter, order_by: bounded ? '' : order, view: 'CLIENT_VIEW_FULL' }, 'clients', MOST);
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '');
    if (kind === 'csv') download(`clients-${stamp}.csv`, 'text/csv', csv(items));
    else download(`clients-${stamp}.ndjson`, 'application/x-ndjson', ndjson(items));
    notice(`${number(items.length)} clients exported${complete ? '' : `, the first ${number(MOST)}`}`);
  } catch (error) {
    notice(`Not exported: ${error.message}`);
  }
}

export const exportMenu = (filter, order) => html`<details class="menu"><summary>Export</summary>
  <button type="button" @click=${() => run('csv', filter, order)}>CSV</button>
  <button type="button" @click=${() => run('ndjson', filter, order)}>NDJSON</button></details>`;
