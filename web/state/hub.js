// What happens, as it happens, for every tab of this browser from one connection: a browser allows six to a
// server, and each tab's own stream would take one for good. The tab that holds the lock has the stream and
// passes on what comes; when it goes, the next one goes on from its own place. Nobody misses anything: what is
// told twice is told by its revision.
import { hold } from './lock.js';
import { Signal } from './signal.js';
import { EventStream } from './stream.js';

const NAME = `liveness-stream ${new URL('.', document.baseURI).pathname}`;
// Bookmarks come every 5 s. Without one, what is shown may be old.
const STALE_MS = 6000;
const GROUPS_KEPT = 200;

export const events = new Signal();  // batches of {kind, data}
export const reset = new Signal();   // ask anew; the value says why: start, gap, history
export const status = new Signal();  // `now` has changed
export const now = { phase: 'connecting', asOf: 0, since: Date.now(), revision: 0, historyId: '' };
export const groups = [];            // group events since the page was opened

let isReady;
// Done when events from `now.revision` on will be told: what is asked for from now on is not too old.
export const ready = new Promise((resolve) => { isReady = resolve; });

const channel = new BroadcastChannel(NAME);
let stream = null;
let watchdog = 0;

function setPhase(phase) {
  if (now.phase !== phase) Object.assign(now, { phase, since: Date.now() });
  status.tell(now);
}

const asked = {
  live(position) {
    place(position);
    now.asOf = Date.now();
    setPhase('live');
    clearTimeout(watchdog);
    watchdog = setTimeout(() => setPhase('lost'), STALE_MS);
    isReady();
  },
  events(batch, position) {
    for (const each of batch) {
      if (each.kind === 'group') groups.push(each.data);
    }
    groups.splice(0, groups.length - GROUPS_KEPT);
    asked.live(position);
    events.tell(batch);
  },
  reset(position, why) {
    place(position);
    if (why !== 'start') groups.length = 0;
    reset.tell(why);
  },
  lost() {
    clearTimeout(watchdog);
    setPhase('lost');
  },
};

function place(position) {
  now.revision = position.revision;
  now.historyId = position.historyId;
}

// Each of it here, and in all other tabs.
const shared = Object.fromEntries(Object.keys(asked).map((name) => [name, (...values) => {
  asked[name](...values);
  channel.postMessage({ name, values });
}]));

channel.onmessage = ({ data }) => {
  if (data.name === 'hello') {
    if (stream && now.phase === 'live') channel.postMessage({ name: 'live', values: [placed()] });
  } else if (!stream) {
    asked[data.name]?.(...data.values);
  }
};

const placed = () => ({ revision: now.revision, historyId: now.historyId });

export function start() {
  channel.postMessage({ name: 'hello' });
  hold(NAME, () => {
    stream = new EventStream(shared, now.historyId ? placed() : null);
  }, () => {
    stream.close();
    stream = null;
    channel.postMessage({ name: 'hello' });
  });
}
