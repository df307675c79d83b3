// What is shown, as the address says it: whoever is sent the link sees the same.
import { Signal } from './signal.js';

const DEFAULTS = {
  view: 'clients', id: '', filter: '', order: 'client_id', cols: '', group: '', range: 'auto', zone: 'utc', times: 'rel',
  revision: '', history: '',
};
export const VIEWS = ['clients', 'client', 'events', 'overview'];

export const changed = new Signal();
export let route = parse();

function parse() {
  const given = new URLSearchParams(location.search);
  const found = { ...DEFAULTS };
  for (const key of Object.keys(DEFAULTS)) {
    if (given.has(key)) found[key] = given.get(key);
  }
  if (!VIEWS.includes(found.view)) found.view = 'clients';
  if (!/^\d*$/.test(found.revision)) found.revision = '';
  return found;
}

// The address of `route` with `patch`. What is as by default is left out.
export function href(patch) {
  const target = { ...route, ...patch };
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(target)) {
    if (key in DEFAULTS && value !== DEFAULTS[key] && value !== '') query.set(key, value);
  }
  const text = query.toString();
  return text ? `?${text}` : location.pathname;
}

// A view of its own: the choices of the reader (zone, times) go along, what another view asked for does not.
export const viewHref = (view, patch = {}) => href({ ...DEFAULTS, zone: route.zone, times: route.times,
  cols: route.cols, range: route.range, view, ...patch });

export function go(target, replace = false) {
  if (typeof target !== 'string') target = href(target);
  history[replace ? 'replaceState' : 'pushState'](null, '', target);
  route = parse();
  changed.tell(route);
}

addEventListener('popstate', () => {
  route = parse();
  changed.tell(route);
});

// Links of ours change the address without loading the page again.
addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = event.target.closest?.('a[href]');
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin ||
      link.pathname !== location.pathname || !(link.search || link.getAttribute('href') === location.pathname)) return;
  event.preventDefault();
  go(link.search || location.pathname);
});
