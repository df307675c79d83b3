// The filter, and what is wrong with it where it is wrong.
import { html } from 'lit';
import { View } from './view.js';
import { go, route } from '../state/route.js';
import { printable } from '../words/text.js';

const PAUSE_MS = 450;

class FilterBox extends View {
  static properties = { error: { attribute: false }, placeholder: {}, label: {} };

  #timer = 0;
  #asked = null;

  constructor() {
    super();
    this.error = null;
    this.label = 'Filter';
    this.placeholder = 'state = DEAD AND labels.zone = "eu-*"';
  }

  focusInput() { this.querySelector('input').select(); }

  #apply(value) {
    clearTimeout(this.#timer);
    this.#asked = value;
    if (value !== route.filter) go({ filter: value }, true);
  }

  #typed(event) {
    const { value } = event.target;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#apply(value), PAUSE_MS);
  }

  willUpdate() {
    // The address may have changed by other means than this box.
    const input = this.querySelector('input');
    if (input && route.filter !== this.#asked && document.activeElement !== input) input.value = route.filter;
  }

  render() {
    const wrong = this.error?.filterError;
    return html`<form role="search" @submit=${(event) => {
        event.preventDefault();
        this.#apply(this.querySelector('input').value);
      }}>
      <label for="filter">${this.label} <kbd>/</kbd></label>
      <input id="filter" type="text" spellcheck="false" autocomplete="off" autocapitalize="off"
        value=${route.filter} placeholder=${this.placeholder} @input=${this.#typed}
        aria-invalid=${wrong ? 'true' : 'false'} aria-describedby="filter-error">
      ${route.filter ? html`<button type="button" @click=${() => { this.querySelector('input').value = ''; this.#apply(''); }}>Clear</button>` : ''}
    </form>
    <div id="filter-error" role="alert">${wrong ? this.#where(wrong) : this.error ? html`<p class="error">${printable(this.error.message)}</p>` : ''}</div>`;
  }

  #where({ column, message }) {
    if (!column) return html`<p class="error">${printable(message)}</p>`;
    // Columns count characters, not halves of them.
    const before = [...route.filter].slice(0, column - 1);
    return html`<pre class="error">${printable(route.filter)}
${' '.repeat(printable(before.join('')).length)}^ column ${column}: ${printable(message)}</pre>`;
  }
}
customElements.define('lv-filter', FilterBox);
