// What operators do. First it is counted whom it would concern; then who and why; then it is done. Buttons are
// there only where the server takes such requests (--http-admin).
import { html, render } from 'lit';
import { clientPath, get, post } from '../state/api.js';
import { now } from '../state/clock.js';
import * as hub from '../state/hub.js';
import { Signal } from '../state/signal.js';
import { store, stored } from '../state/theme.js';
import { total } from '../state/stats_store.js';
import { stateWord } from '../words/enums.js';
import { count, listedName, printable } from '../words/text.js';
import { notice } from './notice.js';

export const features = { admin: false, version: '', changed: new Signal() };

async function loadFeatures() {
  Object.assign(features, await get('features').catch(() => ({ admin: false })));
  features.changed.tell();
}
hub.ready.then(loadFeatures);
hub.reset.on(loadFeatures);

const SOME = 8;
const REASON_MOST = 256;

// Whom it would concern: {total, names}.
async function dryRun(filter) {
  const [stats, page] = await Promise.all([get('stats', { filter }), get('clients', { filter, page_size: SOME })]);
  return { total: total(stats.counts), names: page.clients.map((each) => each.client_id) };
}

// As the server keeps it: reason and author in one text.
export const reasonText = (reason, author) => `${reason} (${author})`;

// action: {title, word(count), filter?, fields (html), run({reason, author, form})}.
async function ask(action) {
  const dialog = document.createElement('dialog');
  document.body.append(dialog);
  dialog.addEventListener('close', () => dialog.remove());
  let found = null;
  let error = '';
  let busy = false;
  const submit = async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const reason = String(form.get('reason')).trim(), author = String(form.get('author')).trim();
    store('author', author);
    busy = true;
    draw();
    try {
      notice(await action.run({ reason, author, form }));
      dialog.close();
    } catch (failure) {
      error = failure.message;
      busy = false;
      draw();
    }
  };
  const draw = () => render(html`<form @submit=${submit}><h2 id="admin-title">${action.title}</h2>
    ${action.filter === undefined ? '' : found ? html`<p class="dry-run"><b>${count(found.total, 'client')}</b> ${found.total === 1 ? 'is' : 'are'} concerned now${
      found.names.length ? `: ${found.names.map(listedName).join(', ')}${found.total > found.names.length ? ' and others' : ''}` : ''}.</p>` : html`<p>Counting…</p>`}
    ${action.fields ?? ''}
    <label>Why <input name="reason" required maxlength=${REASON_MOST - 60} autocomplete="off" autofocus></label>
    <label>Who you are <input name="author" required maxlength="50" autocomplete="username" value=${stored('author')}></label>
    ${error ? html`<p class="error" role="alert">${printable(error)}</p>` : ''}
    <div class="tools"><button class="danger" ?disabled=${busy || (action.filter !== undefined && !found?.total)}>${action.word(found?.total ?? 0)}</button>
      <button type="button" @click=${() => dialog.close()}>Cancel</button></div></form>`, dialog);
  draw();
  dialog.setAttribute('aria-labelledby', 'admin-title');
  dialog.showModal();
  if (action.filter === undefined) return;
  try {
    found = await dryRun(action.filter);
  } catch (failure) {
    error = failure.message;
  }
  draw();
}

const button = (label, action) => (features.admin ? html`<button type="button" @click=${() => ask(action())}>${label}</button>` : '');

const hours = html`<label>For how long <select name="until"><option value="0.5">30 minutes</option><option value="1" selected>1 hour</option><option value="4">4 hours</option>
  <option value="24">1 day</option><option value="168">1 week</option><option value="0">end it now</option></select></label>`;

export const maintenanceButton = (filter, id) => button('Maintenance…', () => ({
  title: id ? `Maintenance of ${listedName(id)}` : filter ? `Maintenance of all that match ${printable(filter)}` : 'Maintenance of all clients',
  filter, fields: hours, word: (n) => `Mark ${count(n, 'client')}`,
  async run({ reason, author, form }) {
    const until = Number(form.get('until'));
    const target = id ? { name: `clients/${id}` } : { filter };
    const answer = await post('maintenance', { ...target, ...(until ? { until_time: new Date(now() + until * 3600e3).toISOString() } : {}), ...why(reason, author) });
    return `${count(answer.changed_count, 'client')} changed`;
  },
}));

export const evictButton = (client) => (['ALIVE', 'SUSPECT'].includes(stateWord(client.state)) ? button('Evict…', () => ({
  title: `Evict ${listedName(client.client_id)}: dead at once, its process is refused`, word: () => 'Evict it',
  async run({ reason, author }) {
    await post(`${clientPath(client.client_id)}:evict`, { reason: reasonText(reason, author) });
    return 'Evicted';
  },
})) : '');

export const drainButtons = (info) => (info.draining ? button('Undrain…', () => ({
  title: 'Take clients again', word: () => 'Undrain',
  async run({ reason, author }) {
    await post('server:undrain', why(reason, author));
    return 'It takes clients again';
  },
})) : button('Drain…', () => ({
  title: 'Move the clients of this server elsewhere', filter: `server_id = "${info.server_id}" AND (state = ALIVE OR state = SUSPECT)`, word: (n) => `Move ${count(n, 'client')}`,
  fields: html`<label>Reconnects spread over (seconds) <input name="window" type="number" min="1" max="3600" value="10"></label>
    <label>For how long (minutes; 0: until undrained) <input name="duration" type="number" min="0" max="10080" value="30"></label>`,
  async run({ reason, author, form }) {
    const minutes = Number(form.get('duration'));
    const answer = await post('server:drain', { reconnect_within: `${form.get('window')}s`, ...(minutes ? { duration: `${minutes * 60}s` } : {}), ...why(reason, author) });
    return `${count(answer.stream_count, 'stream')} asked to move`;
  },
})));

const why = (reason, author) => ({ reason: reasonText(reason, author) });
