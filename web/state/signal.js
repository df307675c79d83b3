// Who wants to know calls on(); the answer ends it.
export class Signal {
  #listeners = new Set();

  on(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(value) {
    for (const listener of [...this.#listeners]) listener(value);
  }
}

// Calls `job` at most once in `ms`, and once more for what came meanwhile. Asked for in between: not yet.
export function throttled(job, ms) {
  let last = -Infinity;
  let timer = 0;
  return () => {
    if (timer) return;
    timer = setTimeout(() => {
      timer = 0;
      last = performance.now();
      job();
    }, Math.max(0, last + ms - performance.now()));
  };
}

// Calls `job`, which does not throw, never twice at once: who asks meanwhile has it called once more. On a slow
// network what is asked for again and again must come to an end some time.
export function oneAtATime(job) {
  let running = false;
  let asked = false;
  return async () => {
    asked = true;
    if (running) return;
    running = true;
    while (asked) {
      asked = false;
      await job();
    }
    running = false;
  };
}

// Calls `job` before the next frame is drawn, once for all who ask; in a tab that is not shown, where there
// are no frames, within a quarter of a second.
export function perFrame(job) {
  let asked = false;
  const run = () => {
    if (!asked) return;
    asked = false;
    job();
  };
  return () => {
    if (asked) return;
    asked = true;
    if (document.hidden) setTimeout(run, 250);
    else requestAnimationFrame(run);
  };
}
