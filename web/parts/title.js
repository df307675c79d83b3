// The count and the worst state in the tab's title and icon: one sees them while the tab is not shown.
// Clients in maintenance are expected to be away and make nothing worse.
import * as hub from '../state/hub.js';
import { StatsStore } from '../state/stats_store.js';
import { worst } from '../words/enums.js';

const ICONS = {
  DEAD: ['#d3302f', '<path d="M4 2 8 6l4-4 2 2-4 4 4 4-2 2-4-4-4 4-2-2 4-4-4-4z"/>'],
  SUSPECT: ['#c77700', '<path d="M8 1 15.5 15H.5z"/>'],
  STALLED: ['#c77700', '<path d="M3 2h4v12H3zM9 2h4v12H9z"/>'],
  ALIVE: ['#1f8a3b', '<circle cx="8" cy="8" r="6"/>'],
  NONE: ['#777', '<circle cx="8" cy="8" r="5" fill="none" stroke="#777" stroke-width="2"/>'],
  LOST: ['#777', '<path d="M7 2h2v8H7zM7 12h2v2H7z"/>'],
};

export class TitleKeeper {
  #stats = new StatsStore();
  #icon = '';

  constructor() {
    this.#stats.ask('NOT health = MAINTENANCE');
    this.#stats.changed.on(() => this.#show());
    hub.status.on(() => this.#show());
  }

  #show() {
    if (!this.#stats.stats) return;
    const { counts } = this.#stats.stats;
    const lost = hub.now.phase === 'lost';
    const parts = ['dead', 'suspect', 'stalled', 'alive'].filter((key) => Number(counts[key]) || key === 'alive')
      .map((key) => `${counts[key] ?? 0} ${key}`);
    const title = `${lost ? 'NOT LIVE · ' : ''}${parts.join(' · ')} – liveness`;
    if (document.title !== title) document.title = title;
    const kind = lost ? 'LOST' : worst(counts);
    if (kind === this.#icon) return;
    this.#icon = kind;
    const [color, shape] = ICONS[kind];
    document.querySelector('link[rel=icon]').href = `data:image/svg+xml,${encodeURIComponent(
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="${color}">${shape}</svg>`)}`;
  }
}
