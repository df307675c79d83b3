// What a row of the list can show. `order`: the field that the server sorts by.
import { html } from 'lit';
import { exact, millis, nanos, rounded, when } from '../words/span.js';
import { causeWord } from '../words/enums.js';
import { listedName, printable } from '../words/text.js';
import { viewHref } from '../state/route.js';
import { healthMark, stateMark } from './mark.js';

const time = (text, ctx) => {
  const { text: shown, title } = when(millis(text), ctx.now, ctx);
  return html`<time title=${title}>${shown}</time>`;
};

export const labelsText = (labels) =>
  Object.keys(labels ?? {}).sort().map((key) => `${key}=${labels[key]}`).join(' ');

// `plain`: what an export has.
export const COLUMNS = [
  { key: 'state', title: 'State', width: '6.5rem', cell: (c) => stateMark(c.state) },
  { key: 'client', title: 'Client', width: 'minmax(11rem, 2fr)', order: 'client_id',
    cell: (c) => html`<a tabindex="-1" href=${viewHref('client', { id: c.client_id })}>${listedName(c.client_id)}</a>` },
  { key: 'since', title: 'Since', width: '6rem', order: 'state_time', wide: '13.5rem', cell: (c, ctx) => time(c.state_time, ctx) },
  { key: 'cause', title: 'Cause', width: '12.5rem', cell: (c) => causeWord(c.cause) },
  { key: 'health', title: 'Health', width: '8rem', cell: (c) => html`${healthMark(c.health)} ${c.flapping ? html`<span class="note">flapping</span>` : ''}` },
  { key: 'heard', title: 'Last heard', width: '6.5rem', order: 'last_heartbeat_time', wide: '13.5rem',
    cell: (c, ctx) => time(c.last_heartbeat_time, ctx) },
  { key: 'rtt', title: 'RTT', width: '4.5rem', order: 'rtt', cell: (c) => (c.rtt ? rounded(nanos(c.rtt)) : '') },
  { key: 'host', title: 'Host', width: 'minmax(6rem, 1fr)', cell: (c) => printable(c.host) },
  { key: 'labels', title: 'Labels', width: 'minmax(8rem, 2fr)', cell: (c) => printable(labelsText(c.labels)) },
  { key: 'server', title: 'Server', width: 'minmax(6rem, 1fr)', cell: (c) => printable(c.server_id) },
  { key: 'peer', title: 'Peer', width: '10rem', off: true, cell: (c) => printable(c.peer_address) },
  { key: 'version', title: 'Version', width: '6rem', off: true, cell: (c) => printable(c.version) },
  { key: 'pid', title: 'PID', width: '5rem', off: true, cell: (c) => (Number(c.pid) ? c.pid : '') },
  { key: 'instance', title: 'Instance', width: '10rem', off: true, cell: (c) => printable(c.instance_id) },
  { key: 'incarnation', title: 'Incarnation', width: '6rem', off: true, cell: (c) => c.incarnation },
  { key: 'times', title: 'Interval/timeout', width: '8rem', off: true,
    cell: (c) => `${exact(nanos(c.interval))}/${exact(nanos(c.timeout))}` },
  { key: 'registered', title: 'Registered', width: '6rem', off: true, wide: '13.5rem', cell: (c, ctx) => time(c.register_time, ctx) },
  { key: 'flapping', title: 'Flapping', width: '5rem', off: true, cell: (c) => (c.flapping ? 'yes' : '') },
  { key: 'principal', title: 'Principal', width: '10rem', off: true, cell: (c) => printable(c.principal) },
];

// Those that `cols` of the address names; by default those that are not off.
export function columnsOf(cols) {
  const named = cols.split(',').map((key) => COLUMNS.find((column) => column.key === key)).filter(Boolean);
  return named.length ? named : COLUMNS.filter((column) => !column.off);
}
