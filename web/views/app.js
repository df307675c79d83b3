// The frame: where one is, how true what one sees is, and the keys.
import { html } from 'lit';
import { now as serverNow, ticks } from '../state/clock.js';
import * as hub from '../state/hub.js';
import { changed as routeChanged, go, route, viewHref } from '../state/route.js';
import { nextTheme, theme, themeChanged } from '../state/theme.js';
import { View } from '../parts/view.js';
import { current, notices } from '../parts/notice.js';
import { features } from '../parts/admin.js';
import { door } from '../state/api.js';
import '../parts/login.js';
import { printable } from '../words/text.js';
import { age, moment, timeOfDay } from '../words/span.js';
import { TitleKeeper } from '../parts/title.js';
import './list.js';
import './client.js';
import './events.js';
import './overview.js';
import './help.js';

class App extends View {
  #title = new TitleKeeper();

  connectedCallback() {
    super.connectedCallback();
    for (const signal of [routeChanged, hub.status, ticks, notices, themeChanged, features.changed, door]) this.follow(signal);
    addEventListener('keydown', (event) => this.#key(event));
  }

  #view() { return this.querySelector('main').firstElementChild; }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const open = document.querySelector('dialog[open]');
    const typing = event.target.closest?.('input, textarea, select');
    if (event.key === 'Escape' && !open) {
      if (typing) typing.blur();
      else if (document.querySelector('details[open]')) for (const menu of document.querySelectorAll('details.menu[open]')) menu.open = false;
      else if (route.view === 'client') history.length > 1 ? history.back() : go(viewHref('clients'));
      else return;
      event.preventDefault();
      return;
    }
    if (open || typing) return;
    // Enter on a link or button is theirs.
    if ((event.key === 'Enter' || event.key === ' ') && event.target.closest?.('a, button, summary')) return;
    if (event.key === '?') this.querySelector('lv-help').show();
    else if (!this.#view()?.key?.(event.key)) return;
    event.preventDefault();
  }

  updated() {
    document.documentElement.dataset.stream = door.closed ? 'closed' : hub.now.phase;
  }

  render() {
    const tab = (view, text) => html`<a href=${viewHref(view)} aria-current=${route.view === view ? 'page' : 'false'}>${text}</a>`;
    return html`<a class="skip" href="#main" @click=${(event) => { event.preventDefault(); this.querySelector('main').focus(); }}>To the content</a>
    <header>
      <a class="brand" href=${viewHref('clients')}>liveness</a>
      <nav aria-label="Views">${tab('clients', 'Clients')}${tab('events', 'Events')}${tab('overview', 'Overview')}</nav>
      ${this.#asOf()}
      <div class="choices">
        <button @click=${() => go({ times: route.times === 'abs' ? 'rel' : 'abs' }, true)} title="Relative or absolute times">${route.times === 'abs' ? 'absolute' : 'relative'}</button>
        <button @click=${() => go({ zone: route.zone === 'local' ? 'utc' : 'local' }, true)} title="UTC or local time">${route.zone === 'local' ? 'local' : 'UTC'}</button>
        <button @click=${nextTheme} title="Light, dark or as the system">${theme()}</button>
        <button @click=${() => this.querySelector('lv-help').show()} aria-label="Keys">?</button>
      </div>
    </header>
    <main id="main" tabindex="-1">${door.closed ? html`<lv-login></lv-login>` : {
      clients: () => html`<lv-list></lv-list>`, client: () => html`<lv-client></lv-client>`,
      events: () => html`<lv-events></lv-events>`, overview: () => html`<lv-overview></lv-overview>` }[route.view]()}</main>
    <div class="toast" ?hidden=${!current.text} role="status">${printable(current.text)}</div>
    <div class="sr" aria-live="polite" id="spoken">${printable(current.spoken)}</div>
    <lv-help></lv-help>`;
  }

  #asOf() {
    // That nothing is heard is then no fault of the server's.
    if (door.closed) return html`<div class="as-of">closed: who are you?</div>`;
    const { phase, asOf, since, revision } = hub.now;
    const clock = asOf ? timeOfDay(asOf + serverNow() - Date.now(), route.zone) : '';
    if (phase === 'live') {
      return html`<div class="as-of live" title=${moment(serverNow(), route.zone)}><span class="dot" aria-hidden="true"></span>live, as of
        <time>${clock}</time> · revision ${revision}</div>`;
    }
    const gone = age((Date.now() - (asOf || since)) * 1e6);
    return html`<div class="as-of lost" role="status"><span class="dot" aria-hidden="true"></span>${phase === 'connecting' ? 'connecting…'
      : `NOT LIVE: nothing heard of the server for ${gone}; what you see is as of ${clock || 'never'}, trying again`}</div>`;
  }
}
customElements.define('lv-app', App);
