// Who are you? A token, which the browser keeps in a cookie until it is closed. Who has a client certificate is not
// asked.
import { html } from 'lit';
import { door, logIn } from '../state/api.js';
import { View } from './view.js';

class Login extends View {
  #wrong = '';

  async #submit(event) {
    event.preventDefault();
    const field = this.querySelector('input');
    try {
      await logIn(field.value.trim());
      location.reload();
    } catch (error) {
      this.#wrong = error.message;
      field.select();
      this.requestUpdate();
    }
  }

  render() {
    return html`<form class="login" @submit=${(event) => this.#submit(event)}>
      <h1>Who are you?</h1>
      <p>This server asks: ${door.closed}.</p>
      <label>Token <input type="password" autocomplete="current-password" name="token" required autofocus></label>
      <button>Log in</button>
      <p class="error" role="alert">${this.#wrong}</p>
    </form>`;
  }
}
customElements.define('lv-login', Login);
