// An incident in one file, to be sent and kept: the event, who fell, each with record, evidence and history,
// and what the server says of itself.
import { html } from 'lit';
import { all, get } from '../state/api.js';
import * as hub from '../state/hub.js';
import { falls } from '../state/client_store.js';
import { pastGroups } from '../state/groups.js';
import { filterString, number } from '../words/text.js';
import { download } from './export.js';
import { notice } from './notice.js';

const MEMBERS_MOST = 1000;
const HISTORIES_MOST = 5000;
const IDS_ASKED = 100;
const BEFORE_MS = 3600e3;

// Whether the scope of a group event, `host=db-7` or `label zone=eu-1`, has this client. Of a subnet only the
// server knows: all who fell then are taken.
function belongs(scope, client) {
  const host = /^host=(.*)$/s.exec(scope);
  if (host) return client?.host === host[1];
  const label = /^label ([^=]*)=(.*)$/s.exec(scope);
  return label ? client?.labels?.[label[1]] === label[2] : true;
}

async function inParts(ids, ask) {
  const found = [];
  for (let i = 0; i < ids.length; i += IDS_ASKED) {
    found.push(...await ask(ids.slice(i, i + IDS_ASKED).map((id) => `client_id = ${filterString(id)}`).join(' OR ')));
  }
  return found;
}

export async function incident(event) {
  const at = Date.parse(event.time);
  const { falls: fallen, from, to } = await falls(at, 10 * MEMBERS_MOST);
  const members = fallen.filter((each) => each.client_id === event.client_id || belongs(event.scope, each.client)).slice(0, MEMBERS_MOST);
  const ids = [...new Set([...members.map((each) => each.client_id), ...(event.client_id ? [event.client_id] : [])])];
  const since = filterString(new Date(at - BEFORE_MS).toISOString());
  const [server, stats, groups, clients, history] = await Promise.all([
    get('server'), get('stats'), pastGroups().catch(() => []),
    inParts(ids, async (some) => (await all('clients', { filter: some, view: 'CLIENT_VIEW_FULL' }, 'clients', IDS_ASKED)).items),
    inParts(ids, async (some) => (await all('transitions', { filter: `(${some}) AND time >= ${since}` }, 'transitions', HISTORIES_MOST)).items),
  ]);
  const of = (id) => history.filter((each) => each.client_id === id);
  return {
    event, from: new Date(from).toISOString(), to: new Date(to).toISOString(), gathered: new Date().toISOString(),
    history_id: hub.now.historyId, revision: server.revision,
    group_events: groups.filter((each) => Math.abs(Date.parse(each.time) - at) <= to - at),
    members: ids.map((id) => ({ client_id: id, fall: members.find((each) => each.client_id === id),
      client: clients.find((each) => each.client_id === id), history: of(id) })),
    members_left_out: Math.max(0, fallen.length - MEMBERS_MOST), server, stats,
  };
}

async function save(event) {
  try {
    notice('Gathering…');
    const bundle = await incident(event);
    download(`incident-${String(event.time).slice(0, 19).replaceAll(':', '')}.json`, 'application/json', JSON.stringify(bundle, null, 2));
    notice(`Incident of ${number(bundle.members.length)} clients saved`);
  } catch (error) {
    notice(`Not saved: ${error.message}`);
  }
}

// `event`: gives what it is about when it is pressed: {time, scope, client_id?}.
export const bundleButton = (event, label) => html`<button type="button" @click=${() => save(event())}>${label}</button>`;
