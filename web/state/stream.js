// One EventSource that never gives up. It goes on where it was; where the server cannot (another history, too
// old a revision), it says `reset`: whatever was known must be asked for again.
import { get, url } from './api.js';

const KINDS = ['transition', 'group', 'bookmark', 'gap', 'snapshot_done'];
const SHORTEST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;
// A connection on which nothing came for so long, bookmarks neither, carries nothing any more.
const SILENCE_MS = 20000;
const BATCH_MS = 16;

export class EventStream {
  #listener;
  #source = null;
  #position = null;
  #pause = SHORTEST_PAUSE_MS;
  #batch = [];
  #batchTimer = 0;
  #silence = 0;

  // listener: live(position), events(batch, position), reset(position, why), lost(). A position is
  // {revision, historyId}: all up to there was told, and what is asked for now is not older.
  constructor(listener, position) {
    this.#listener = listener;
    this.#position = position;
    this.#begin();
  }

  close() {
    this.#source?.close();
    this.#source = null;
    clearTimeout(this.#silence);
    this.#listener = { live() {}, events() {}, reset() {}, lost() {} };
    this.closed = true;
  }

  async #begin() {
    if (this.closed) return;
    try {
      const info = await get('server');
      if (this.closed) return;
      const here = { revision: Number(info.revision), historyId: info.history_id };
      const before = this.#position;
      if (!before || before.historyId !== here.historyId || before.revision > here.revision) {
        this.#position = here;
        this.#listener.reset(here, before ? 'history' : 'start');
      }
      this.#open();
    } catch {
      this.#again();
    }
  }

  #open() {
    const { revision, historyId } = this.#position;
    const source = new EventSource(url('watch', { start_revision: revision, history_id: historyId }));
    this.#source = source;
    source.onopen = () => {
      this.#pause = SHORTEST_PAUSE_MS;
      this.#listener.live(this.#position);
    };
    source.onerror = () => this.#again();
    for (const kind of KINDS) source.addEventListener(kind, (event) => this.#take(kind, event));
    // Of a snapshot only its end counts: lists are asked for page by page.
    source.addEventListener('client', () => this.#heard());
    this.#heard();
  }

  #heard() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#again(), SILENCE_MS);
  }

  #take(kind, event) {
    this.#heard();
    const [historyId, revision] = event.lastEventId.split(':');
    if (revision) this.#position = { revision: Number(revision), historyId };
    const data = JSON.parse(event.data);
    if (kind === 'snapshot_done') {
      this.#flush();
      this.#listener.reset(this.#position, 'gap');
      this.#listener.live(this.#position);
      return;
    }
    this.#batch.push({ kind, data });
    // A tab that is not shown has timers of a second or a minute, and others may wait for what it passes on.
    if (document.hidden) this.#flush();
    else this.#batchTimer ||= setTimeout(() => this.#flush(), BATCH_MS);
  }

  #flush() {
    clearTimeout(this.#batchTimer);
    this.#batchTimer = 0;
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length) this.#listener.events(batch, this.#position);
  }

  #again() {
    this.#source?.close();
    this.#source = null;
    clearTimeout(this.#silence);
    this.#flush();
    this.#listener.lost();
    setTimeout(() => this.#begin(), this.#pause * (0.75 + Math.random() / 2));
    this.#pause = Math.min(LONGEST_PAUSE_MS, this.#pause * 2);
  }
}
