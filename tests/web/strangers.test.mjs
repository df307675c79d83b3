// Somebody else's page in an operator's browser: it changes nothing (CSRF) and reads nothing, also where its name
// leads to this server (DNS rebinding). The client beats on all the while.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { closeBrowser, Fleet, open, Proxy, rowOf, Server, until } from './harness.mjs';

const TOKENS = { ops: 'lvt_ops0123456789012345678901234567890123456789', beat: 'lvt_beat123456789012345678901234567890123456789' };
const entry = (name, roles) => `[[token]]\nname = "${name}"\nsha256 = "${createHash('sha256').update(TOKENS[name]).digest('hex')}"\nroles = ${JSON.stringify(roles)}\n`;
const VERBS = ['server:drain', 'clients/web-1:evict', 'maintenance'];
const BODY = '{"filter": "client_id = web-1", "until_time": "2100-01-01T00:00:00Z"}';

let folder, closed, opened, proxy, fleets, stranger, operator;

before(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'liveness-strangers-'));
  writeFileSync(path.join(folder, 'tokens.toml'), entry('ops', ['view', 'admin']) + entry('beat', ['beat']));
  closed = await Server.start(['--http-admin', `--token-file=${path.join(folder, 'tokens.toml')}`]);
  proxy = await Proxy.start(closed.http);
  opened = await Server.start(['--http-admin']);
  fleets = [new Fleet(closed.grpc, TOKENS.beat), new Fleet(opened.grpc)];
  for (const fleet of fleets) await fleet.add('web-1');
  // The stranger's own site, which may say what it likes.
  stranger = http.createServer((request, response) => response.setHeader('Content-Type', 'text/html').end('<title>stranger</title><p>'));
  await new Promise((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  operator = await open(closed.url, { closed: true });
  await operator.getByLabel('Token').fill(TOKENS.ops);
  await operator.getByRole('button', { name: 'Log in' }).click();
  await rowOf(operator, 'web-1').waitFor();
});
after(async () => {
  for (const fleet of fleets) fleet.end();
  stranger.close();
  proxy.stop();
  await closeBrowser();
  for (const server of [closed, opened]) {
    await server.stop();
    server.forget();
  }
  rmSync(folder, { recursive: true, force: true });
});

async function ask(server, what) {
  const answer = await fetch(`${server.url}api/v1/${what}`, { headers: server === closed ? { Authorization: `Bearer ${TOKENS.ops}` } : {} });
  assert.ok(answer.ok, `${what}: ${answer.status}`);
  return answer.json();
}

async function unchanged(server) {
  assert.equal((await ask(server, 'server')).draining ?? false, false);
  const client = await ask(server, 'clients/web-1');
  assert.equal(client.state, 'STATE_ALIVE');
  assert.equal(client.health, 'HEALTH_OK');
  assert.equal((await ask(server, 'transitions')).transitions.length, 1, 'that it came');
}

// The same site as ours but another origin (cookies look at no port), and another site.
for (const host of ['127.0.0.1', 'evil.example']) {
  test(`a page of ${host} changes nothing with the operator's cookie, and reads nothing`, async () => {
    const page = await operator.context().newPage();
    proxy.heard = '';
    const home = `http://${host}:${stranger.address().port}/`;
    await page.goto(home);
    // A fetch with the cookie, as a form and as JSON.
    const fetched = await page.evaluate(async ([url, verbs, body]) => {
      const answers = [];
      for (const verb of verbs) {
        for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json']) {
          for (const mode of ['cors', 'no-cors']) {
            const options = { method: 'POST', credentials: 'include', mode, body, headers: { 'Content-Type': type }, signal: AbortSignal.timeout(20000) };
            answers.push(await fetch(`${url}api/v1/${verb}`, options).then((answer) => answer.text(), () => ''));
          }
        }
      }
      for (const what of ['clients', 'server', 'transitions']) {
        answers.push(await fetch(`${url}api/v1/${what}`, { credentials: 'include', signal: AbortSignal.timeout(20000) }).then((answer) => answer.text(), () => ''));
      }
      return answers;
    }, [proxy.url, VERBS, BODY]);
    assert.deepEqual(fetched.filter(Boolean), [], 'no answer is the page\'s to read');
    // A stream of events, a picture, a script.
    const loaded = await page.evaluate(async (url) => {
      const told = (make) => new Promise((resolve) => {
        setTimeout(() => resolve('nothing came'), 20000);
        const element = make();
        element.onload = element.onopen = () => resolve(true);
        element.onerror = () => resolve(false);
      });
      const put = (tag, source) => told(() => document.body.appendChild(Object.assign(document.createElement(tag), { src: source })));
      return [await told(() => new EventSource(`${url}api/v1/watch`, { withCredentials: true })), await put('img', `${url}api/v1/clients`),
        await put('script', `${url}api/v1/clients`)];
    }, proxy.url);
    assert.deepEqual(loaded, [false, false, false]);
    // A form, whose fields look like JSON.
    for (const verb of VERBS) {
      const other = await operator.context().newPage();
      await other.goto(home);
      const [answer] = await Promise.all([other.waitForNavigation(), other.evaluate(([url, body]) => {
        const form = Object.assign(document.createElement('form'), { method: 'POST', action: url, enctype: 'text/plain' });
        form.append(Object.assign(document.createElement('input'), { name: `${body.slice(0, -1)}, "reason": "`, value: '"}' }));
        document.body.append(form);
        form.submit();
      }, [`${proxy.url}api/v1/${verb}`, BODY])]);
      assert.ok(answer.status() >= 400 && answer.status() < 500, `${verb}: ${answer.status()}`);
    }
    // It did get to the server: the forms of both, and of the same site also the fetches that need no question before.
    // (Another site's fetches to this host are held back by newer browsers.)
    const came = proxy.heard.match(/POST \/api/g).length;
    assert.ok(came >= (host === '127.0.0.1' ? 9 : 3), `${came} requests came`);
    await unchanged(closed);
    await page.close();
  });
}

test('a page of another origin does not frame ours', async () => {
  const page = await operator.context().newPage();
  await page.goto(`http://127.0.0.1:${stranger.address().port}/`);
  await page.evaluate((url) => new Promise((resolve) => {
    document.body.append(Object.assign(document.createElement('iframe'), { src: url, onload: resolve }));
  }), closed.url);
  assert.equal(page.frames().filter((frame) => frame.url().startsWith(closed.url)).length, 0);
  await page.close();
});

// A name of the stranger's led to the stranger's server, and leads to ours now: for the browser that is one origin,
// and whatever its page asks stays within it. The server asks nobody who they are here, so that the name alone tells
// it apart. The page that asks is the server's own refusal: a document of that origin is as good as another.
test('a name of somebody else that leads to this server gets nothing from it', async () => {
  const page = await operator.context().newPage();
  assert.equal((await page.goto(`http://evil.example:${opened.http.split(':')[1]}/`)).status(), 421);
  assert.match(await page.evaluate(() => location.origin), /evil\.example/);
  const answers = await page.evaluate(async ([verbs, body]) => {
    const all = [];
    for (const what of ['', 'livez', 'metrics', 'api/v1/clients', 'api/v1/server', 'api/v1/watch', 'api/v1/features']) {
      all.push(await fetch(`/${what}`));
    }
    for (const verb of verbs) {
      all.push(await fetch(`/api/v1/${verb}`, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } }));
    }
    return Promise.all(all.map(async (answer) => [answer.status, await answer.text()]));
  }, [VERBS, BODY]);
  for (const [status, text] of answers) {
    assert.equal(status, 421);
    assert.doesNotMatch(text, /web-1|livenessd\b.*version/);
  }
  await unchanged(opened);
  await page.close();
});

// Else the tests above would prove nothing: what was refused there is taken from our own page.
test('the operator may do it from our own page', async () => {
  const status = await operator.evaluate(async (body) => (await fetch('/api/v1/maintenance', {
    method: 'POST', body, headers: { 'Content-Type': 'application/json' } })).status, BODY);
  assert.equal(status, 200);
  await until('it is so', async () => (await ask(closed, 'clients/web-1')).health === 'HEALTH_MAINTENANCE');
});
