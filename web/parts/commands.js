// The same on the command line.
import { html } from 'lit';
import { shellWord } from '../words/text.js';
import { notice } from './notice.js';

const flag = (name, value) => (value ? ` --${name}=${shellWord(value)}` : '');

export const listCommand = ({ filter, order }) =>
  `livenessctl list${flag('filter', filter)}${order !== 'client_id' ? flag('order-by', order) : ''} -o wide`;
export const getCommand = (id) => `livenessctl get ${shellWord(id)}`;
export const transitionsCommand = ({ filter, id }) =>
  `livenessctl transitions${id ? ` ${shellWord(id)}` : ''}${flag('filter', filter)}`;

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Over plain HTTP there is no clipboard but this one.
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  notice(`Copied: ${text}`);
}

export const copyButton = (text, label) =>
  html`<button type="button" title=${text} @click=${() => copy(text)}>${label}</button>`;
