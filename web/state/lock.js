// What one tab of this browser holds at a time. With Web Locks, which a browser has only over HTTPS and for
// this machine; else by a mark in what the tabs keep together, which its holder renews. Two may then both
// believe to be it for a second, as when a hidden tab's timers stand: whoever is not in the mark any more ends.
const RENEW_MS = 1000;
const STALE_MS = 5000;

// Calls `begin` when this tab has it, and `end` should it lose it.
export function hold(name, begin, end) {
  if (navigator.locks) {
    navigator.locks.request(name, () => {
      begin();
      return new Promise(() => {});  // for as long as the tab is there
    });
    return;
  }
  const me = String(Math.random());
  let held = false;
  const look = () => {
    const holder = read(name);
    if (!holder || holder.id === me || Date.now() - holder.at > STALE_MS) {
      write(name, { id: me, at: Date.now() });
      if (!held) begin();
      held = true;
    } else if (held) {
      held = false;
      end();
    }
  };
  setInterval(look, RENEW_MS);
  addEventListener('storage', (event) => { if (event.key === name && !event.newValue) look(); });
  addEventListener('pagehide', () => { if (held) write(name, null); });
  look();
}

// Where a browser keeps nothing, each tab is alone.
function read(name) {
  try { return JSON.parse(localStorage.getItem(name)); } catch { return null; }
}
function write(name, value) {
  try {
    if (value) localStorage.setItem(name, JSON.stringify(value));
    else localStorage.removeItem(name);
  } catch { /* not kept */ }
}
