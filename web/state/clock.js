// The server's clock: ages are told by it, not by that of the browser's machine, which may be minutes off.
import { Signal } from './signal.js';

let offset = 0;
let known = false;

export const now = () => Date.now() + offset;

// `told`: the server's time in an answer to what was asked at `asked` (Date.now()).
export function learn(told, asked) {
  const server = Date.parse(told);
  if (!Number.isFinite(server)) return;
  const roundTrip = Date.now() - asked;
  const seen = server - (asked + roundTrip / 2);
  // Within the round trip all offsets are as good as each other: the one that stands, stands.
  if (!known || Math.abs(seen - offset) > roundTrip / 2 + 50) offset = seen;
  known = true;
}

// Once a second, for ages that are shown.
export const ticks = new Signal();
setInterval(() => { if (!document.hidden) ticks.tell(now()); }, 1000);
document.addEventListener('visibilitychange', () => { if (!document.hidden) ticks.tell(now()); });
