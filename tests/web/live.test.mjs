// What happens is shown as it happens; what cannot be known is not shown as if it were.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { closeBrowser, Fleet, live, open, pause, Proxy, rowOf, Server, until } from './harness.mjs';

let server, fleet, proxy, page;

before(async () => { server = await Server.start(['--resume-grace=500ms']); });
afterEach(async () => {
  await page?.close();
  fleet?.end();
  proxy?.stop();
  page = fleet = proxy = null;
});
after(async () => {
  await closeBrowser();
  await server.stop();
  server.forget();
});

test('a killed client is shown as such without a reload, within a second', async (t) => {
  const took = [];
  page = await open(server.url);
  for (const id of ['one', 'two', 'three']) {
    const child = await server.beat(id);
    await rowOf(page, id).getByText('ALIVE').waitFor();
    await page.evaluate((name) => {
      globalThis.seen = 0;
      const look = () => {
        const row = [...document.querySelectorAll('.grid-body .row')].find((each) => each.querySelector('a')?.textContent === name);
        if (row && !row.textContent.includes('ALIVE')) globalThis.seen = Date.now();
        else requestAnimationFrame(look);
      };
      look();
    }, id);
    const killed = Date.now();
    child.kill('SIGKILL');
    took.push(await until(`${id} is not shown as ALIVE`, () => page.evaluate(() => globalThis.seen)) - killed);
    await rowOf(page, id).getByText('DEAD').waitFor();
    await rowOf(page, id).getByText('PROCESS_EXITED').waitFor();
  }
  t.diagnostic(`seen after ${took.join(', ')} ms`);
  assert.ok(Math.min(...took) < 1000, `${took} ms`);
  await until('the title says so', async () => /^3 dead/.test(await page.title()));
  // And the icon: the red one, with the cross of DEAD.
  assert.match(await page.locator('link[rel=icon]').getAttribute('href'), /^data:image\/svg\+xml,.*d3302f/);
  assert.deepEqual(page.faults, []);
});

test('a restart of the server is lived through: grey at once, and true again', async () => {
  const child = await server.beat('stays');
  page = await open(server.url);
  await rowOf(page, 'stays').getByText('ALIVE').waitFor();
  await server.stop('SIGKILL');
  await page.waitForSelector('html[data-stream=lost]', { state: 'attached', timeout: 3000 });
  assert.match(await page.locator('.as-of').innerText(), /NOT LIVE/);
  assert.match(await page.title(), /NOT LIVE/);
  child.kill('SIGKILL');
  await server.start();
  await live(page);
  await rowOf(page, 'stays').getByText('DEAD').waitFor({ timeout: 30000 });
  assert.deepEqual(page.faults, []);
});

test('what the server forgot while nobody looked is not shown: another history', async () => {
  const memory = await Server.start(['--store=memory']);
  try {
    fleet = new Fleet(memory.grpc);
    await fleet.add('old');
    page = await open(memory.url);
    await rowOf(page, 'old').waitFor();
    await memory.stop('SIGKILL');
    fleet.end();
    await memory.start();
    fleet = new Fleet(memory.grpc);
    await fleet.add('new');
    await live(page);
    await rowOf(page, 'new').waitFor();
    await until('the old one is gone', async () => await rowOf(page, 'old').count() === 0);
    await page.locator('.status', { hasText: '1 of 1 clients' }).waitFor();
    assert.deepEqual(page.faults, []);
  } finally {
    await memory.stop();
    memory.forget();
  }
});

test('a gap is lived through: who resumes too late is told all anew', async () => {
  const short = await Server.start(['--history-transitions=10']);
  try {
    fleet = new Fleet(short.grpc);
    for (const id of ['goes', 'stays']) await fleet.add(id);
    proxy = await Proxy.start(short.http);
    page = await open(proxy.url, { script: () => {
      const Native = globalThis.EventSource;
      globalThis.gaps = 0;
      globalThis.EventSource = class extends Native {
        constructor(...args) {
          super(...args);
          this.addEventListener('gap', () => { ++globalThis.gaps; });
        }
      };
    } });
    await rowOf(page, 'goes').getByText('ALIVE').waitFor();
    proxy.hold(true);
    proxy.cut();
    await page.waitForSelector('html[data-stream=lost]', { state: 'attached' });
    // What the server remembers of its run goes with it, and of its history ten transitions are kept.
    fleet.goodbye('goes');
    await until('it has left', async () => (await short.get('clients/goes')).state === 'STATE_LEFT');
    for (let i = 0; i < 30; ++i) await fleet.add(`new-${String(i).padStart(2, '0')}`);
    await short.stop('SIGKILL');
    fleet.end();
    await short.start();
    await until('its history is short', async () => Number((await short.get('transitions?page_size=1')).compacted_revision) >= Number(
      (await short.get('clients/goes')).revision));
    proxy.hold(false);
    await live(page);
    await until('it was told of a gap', () => page.evaluate(() => globalThis.gaps > 0));
    await rowOf(page, 'new-29').waitFor();
    await rowOf(page, 'goes').getByText('LEFT').waitFor();
    await page.locator('.status', { hasText: '32 of 32 clients' }).waitFor();
    assert.deepEqual(page.faults, []);
  } finally {
    await short.stop();
    short.forget();
  }
});

test('a network that stands still makes it grey, and a slow one is lived through', async () => {
  fleet = new Fleet(server.grpc);
  await fleet.add('far');
  proxy = await Proxy.start(server.http);
  proxy.slow(150);
  page = await open(proxy.url);
  await rowOf(page, 'far').getByText('ALIVE').waitFor();
  proxy.hold(true);
  // Bookmarks come every 5 s: without one for 6 s it is not known what is.
  await page.waitForSelector('html[data-stream=lost]', { state: 'attached', timeout: 9000 });
  fleet.cut('far');
  await pause(1500);
  await rowOf(page, 'far').getByText('ALIVE').waitFor();
  proxy.hold(false);
  await live(page);
  await rowOf(page, 'far').getByText('DEAD').waitFor();
  proxy.cut();
  await page.waitForSelector('html[data-stream=lost]', { state: 'attached', timeout: 3000 });
  await live(page);
  assert.deepEqual(page.faults, []);
});

test('on a slow network counts come, however much happens', async () => {
  const slow = await Server.start(['--store=memory']);
  let flapping = 0;
  try {
    fleet = new Fleet(slow.grpc);
    proxy = await Proxy.start(slow.http);
    page = await open(proxy.url);
    proxy.slow(350);
    let n = 0;
    flapping = setInterval(() => fleet.add('restless').then(() => fleet.goodbye('restless'), () => {}), 150);
    for (; n < 12; ++n) await fleet.add(`steady-${n}`);
    // While it goes on: an answer takes longer than what asks for the next one.
    await page.locator('.counts .ALIVE .number', { hasText: /^1[23]$/ }).waitFor({ timeout: 8000 });
    await page.goto(`${proxy.url}?view=client&id=restless`);
    await page.locator('.transitions tbody tr').first().waitFor({ timeout: 15000 });
    assert.deepEqual(page.faults, []);
  } finally {
    clearInterval(flapping);
    await slow.stop();
    slow.forget();
  }
});

test('a filter is followed: who matches comes, who does not goes', async () => {
  fleet = new Fleet(server.grpc);
  await fleet.add('in-1', { hello: { labels: { zone: 'eu' } } });
  await fleet.add('out-1', { hello: { labels: { zone: 'us' } } });
  page = await open(`${server.url}?filter=${encodeURIComponent('labels.zone = "eu" AND state = ALIVE')}`);
  await rowOf(page, 'in-1').waitFor();
  assert.equal(await rowOf(page, 'out-1').count(), 0);
  await fleet.add('in-2', { hello: { labels: { zone: 'eu' } } });
  await fleet.add('out-2', { hello: { labels: { zone: 'us' } } });
  await rowOf(page, 'in-2').waitFor();
  fleet.goodbye('in-1');
  await until('it has gone', async () => await rowOf(page, 'in-1').count() === 0);
  assert.equal(await rowOf(page, 'out-2').count(), 0);
  assert.deepEqual(page.faults, []);
});
