// Light, dark or as the system has it; kept in this browser.
import { Signal } from './signal.js';

export const themeChanged = new Signal();
const THEMES = ['system', 'light', 'dark'];

export const theme = () => document.documentElement.dataset.theme ?? 'system';

export function nextTheme() {
  set(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]);
}

function set(name) {
  if (name === 'light' || name === 'dark') document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
  store('theme', name);
  themeChanged.tell(name);
}

// Where the browser keeps nothing, nothing is kept.
export function stored(key) {
  try { return localStorage.getItem(`liveness.${key}`) ?? ''; } catch { return ''; }
}
export function store(key, value) {
  try { localStorage.setItem(`liveness.${key}`, value); } catch { /* not kept */ }
}

// A colour of the style sheet as canvases need it: resolved.
export function color(name) {
  const probe = document.createElement('span');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

set(stored('theme'));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => themeChanged.tell(theme()));
