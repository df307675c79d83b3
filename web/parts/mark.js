// States by shape, word and colour: none of the three alone.
import { html, svg } from 'lit';
import { healthWord, stateWord } from '../words/enums.js';

const SHAPES = {
  ALIVE: svg`<circle cx="6" cy="6" r="4.5"/>`,
  SUSPECT: svg`<path d="M6 1 11.3 10.7H.7Z"/>`,
  DEAD: svg`<path d="M2.6 1 6 4.4 9.4 1 11 2.6 7.6 6 11 9.4 9.4 11 6 7.6 2.6 11 1 9.4 4.4 6 1 2.6Z"/>`,
  LEFT: svg`<circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.6"/>`,
  FORGOTTEN: svg`<path d="M1 5h10v2H1Z"/>`,
  STALLED: svg`<path d="M2 1h3v10H2ZM7 1h3v10H7Z"/>`,
  MAINTENANCE: svg`<path d="M6 .6 11.4 6 6 11.4.6 6Z" fill="none" stroke="currentColor" stroke-width="1.6"/>`,
  OK: svg`<circle cx="6" cy="6" r="2"/>`,
};

export const shape = (word) =>
  html`<svg class="shape" viewBox="0 0 12 12" fill="currentColor" aria-hidden="true">${SHAPES[word] ?? ''}</svg>`;

export const mark = (word) => (word ? html`<span class="mark ${word}">${shape(word)}${word}</span>` : '');
export const stateMark = (state) => mark(stateWord(state));

// Nothing for OK: what is well need not be said ten thousand times.
export function healthMark(health) {
  const word = healthWord(health);
  return word && word !== 'OK' ? mark(word) : '';
}
