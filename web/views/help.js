// The keys, and what filters look like.
import { html } from 'lit';
import { View } from '../parts/view.js';

const KEYS = [['/', 'write a filter'], ['j  k', 'next, previous client (also the arrow keys, Page up and down, Home, End)'],
  ['Enter', 'open the client'], ['Esc', 'leave the filter, close what is open, go back'], ['?', 'this help']];
const FILTERS = ['state = DEAD', 'state = SUSPECT OR state = DEAD', 'health = STALLED', 'labels.zone = "eu-*"', 'NOT labels.canary = "yes"',
  'last_heartbeat_age > 5m', 'state = DEAD AND state_age < 1h', 'cause = HOST_UNREACHABLE', 'host = "db-*" rtt > 50ms', 'flapping = true'];

class Help extends View {
  show() { this.querySelector('dialog').showModal(); }

  render() {
    return html`<dialog aria-labelledby="help-title"><form method="dialog">
      <h2 id="help-title">Keys</h2>
      <dl class="keys">${KEYS.map(([key, text]) => html`<dt><kbd>${key}</kbd></dt><dd>${text}</dd>`)}</dl>
      <h2>Filters</h2>
      <ul class="mono">${FILTERS.map((filter) => html`<li>${filter}</li>`)}</ul>
      <p>OR binds tighter than AND; a space is AND. A star at the end is a prefix.</p>
      <button autofocus>Close</button></form></dialog>`;
  }
}
customElements.define('lv-help', Help);
