// What is said to those who see and to those who hear, now and then: at most once in five seconds, what came
// meanwhile in one sentence.
import { Signal } from '../state/signal.js';
import * as hub from '../state/hub.js';
import { isFall, stateWord } from '../words/enums.js';
import { count, listedName } from '../words/text.js';

const PAUSE_MS = 5000;
const SHOWN_MS = 6000;

export const notices = new Signal();
export const current = { text: '', spoken: '' };

let hide = 0;

export function notice(text) {
  current.text = text;
  clearTimeout(hide);
  hide = setTimeout(() => { current.text = ''; notices.tell(); }, SHOWN_MS);
  notices.tell();
}

let fallen = new Map();
let groups = [];
let timer = 0;
let last = -Infinity;

function speak() {
  timer = 0;
  last = performance.now();
  const dead = [...fallen].filter(([, state]) => state === 'DEAD').map(([id]) => id);
  const suspect = [...fallen].filter(([, state]) => state === 'SUSPECT').map(([id]) => id);
  const some = (ids) => ids.slice(0, 3).map(listedName).join(', ') + (ids.length > 3 ? ' and others' : '');
  current.spoken = [
    ...groups.map((group) => `Mass failure, ${group.scope}: ${group.affected_count} of ${count(group.member_count, 'client')}.`),
    dead.length ? `${count(dead.length, 'client')} died: ${some(dead)}.` : '',
    suspect.length ? `${count(suspect.length, 'client')} suspected: ${some(suspect)}.` : '',
  ].filter(Boolean).join(' ');
  fallen = new Map();
  groups = [];
  if (current.spoken) notices.tell();
}

hub.events.on((batch) => {
  for (const { kind, data } of batch) {
    if (kind === 'group') groups.push(data);
    else if (kind === 'transition' && isFall(data)) fallen.set(data.client_id, stateWord(data.to_state));
    else if (kind === 'transition') fallen.delete(data.client_id);
  }
  if ((fallen.size || groups.length) && !timer) timer = setTimeout(speak, Math.max(300, last + PAUSE_MS - performance.now()));
});
