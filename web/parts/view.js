// What all views have in common: no shadow, so that one style sheet and one focus order serve the whole page,
// and an end to what they listened to.
import { LitElement } from 'lit';

export class View extends LitElement {
  #ends = [];

  createRenderRoot() { return this; }

  // `signal` draws this view anew, after `job`.
  follow(signal, job) {
    this.#ends.push(signal.on((value) => {
      job?.(value);
      this.requestUpdate();
    }));
  }

  atEnd(job) { this.#ends.push(job); }

  disconnectedCallback() {
    super.disconnectedCallback();
    for (const end of this.#ends.splice(0)) end();
  }
}
