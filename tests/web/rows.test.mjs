// Ten thousand rows: as smooth as ten.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import os from 'node:os';
import { closeBrowser, Fleet, open, Server, until } from './harness.mjs';

const MANY = 10000;
const ATTEMPTS = 6;
let server, fleet, page, cdp;

before(async () => {
  server = await Server.start();
  fleet = new Fleet(server.grpc);
  const ids = Array.from({ length: MANY }, (_, i) => `node-${String(i).padStart(5, '0')}`);
  await fleet.addMany(ids, (id) => ({ hello: { host: `rack-${Number(id.slice(5)) % 50}`, version: '2.0.1',
    labels: { zone: ['eu-1', 'eu-2', 'us-1'][Number(id.slice(5)) % 3], team: 'search' } } }));
  page = await open(server.url);
  await page.locator('.status', { hasText: '10,000 of 10,000 clients' }).waitFor({ timeout: 60000 });
}, { timeout: 120000 });
after(async () => {
  fleet.end();
  await closeBrowser();
  await server.stop();
  server.forget();
});

// Scrolls `pixels` a frame for two seconds; the milliseconds from frame to frame.
const scroll = (pixels) => page.evaluate((step) => new Promise((resolve) => {
  const body = document.querySelector('.grid-body');
  const frames = [];
  const begin = performance.now();
  let last = begin;
  const frame = (now) => {
    frames.push(now - last);
    last = now;
    body.scrollTop += step;
    if (now - begin < 2000) requestAnimationFrame(frame);
    else resolve(frames.slice(1));
  };
  requestAnimationFrame(frame);
}), pixels);

// Seconds that the page's own thread has spent on scripts, styles and layout.
async function work() {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return metrics.filter((each) => ['ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration'].includes(each.name))
    .reduce((sum, each) => sum + each.value, 0);
}

test('ten thousand rows scroll without a frame over 50 ms', async (t) => {
  cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  for (const step of [37, 240, 1200]) {
    const busy = [];
    let calm = false;
    let cheapest = Infinity;
    // What else runs on this machine takes frames, too, all the more as nothing here draws in hardware. A calm run
    // shows what the page can do; on a machine with more to do than it has processors there may be none, and what
    // the page itself has worked in a frame must do.
    for (let attempt = 0; attempt < ATTEMPTS && !calm; ++attempt) {
      const before_ = await work();
      const frames = await scroll(step);
      const own = (1000 * (await work() - before_)) / frames.length;
      frames.sort((a, b) => a - b);
      cheapest = Math.min(cheapest, own);
      // The clock of frames counts in 16.7 ms: 50.1 is three of them.
      calm = frames.at(-1) < 51;
      busy.push(os.loadavg()[0] > 1.5 * os.cpus().length);
      t.diagnostic(`${step} px a frame: ${frames.length} frames, p99 ${frames[Math.floor(0.99 * frames.length)].toFixed(1)} ms, longest ${
        frames.at(-1).toFixed(1)} ms, own work ${own.toFixed(1)} ms a frame, load ${os.loadavg()[0].toFixed(1)} on ${os.cpus().length}`);
    }
    assert.ok(cheapest < 20, `${cheapest} ms of own work a frame`);
    assert.ok(calm || busy.filter(Boolean).length > ATTEMPTS / 2, `a frame over 50 ms in each run at ${step} px a frame`);
  }
  assert.ok(await page.locator('.grid-body .row').count() < 100, 'only what is seen is drawn');
  assert.equal(await page.locator('.grid').getAttribute('aria-rowcount'), String(MANY + 1));
  assert.deepEqual(page.faults, []);
});

test('a fall of hundreds is drawn in few frames, and counted', async (t) => {
  await page.evaluate(() => { document.querySelector('.grid-body').scrollTop = 0; });
  const tasks = page.evaluate(() => new Promise((resolve) => {
    const found = [];
    new PerformanceObserver((list) => found.push(...list.getEntries().map((each) => Math.round(each.duration)))).observe({ type: 'longtask' });
    setTimeout(() => resolve(found), 3000);
  }));
  for (let i = 0; i < 500; ++i) fleet.cut(`node-${String(i * 20).padStart(5, '0')}`);
  t.diagnostic(`long tasks: ${(await tasks).join(', ')} ms`);
  await page.locator('.counts .DEAD', { hasText: '500' }).waitFor({ timeout: 20000 });
  await page.locator('.grid-body .row', { hasText: 'node-00000' }).getByText('DEAD').waitFor();
  assert.deepEqual(page.faults, []);
});

test('orders of the server: the newest change first, and the list says that it is the first part', async () => {
  await page.getByRole('button', { name: /^Since/ }).click();
  await page.getByRole('button', { name: /^Since/ }).click();
  await until('the order is in the address', async () => page.url().includes('order=state_time+desc'));
  await page.locator('.status', { hasText: /1,000 of 10,000 clients: the first of this order/ }).waitFor();
  const first = page.locator('.grid-body .row').first();
  await first.getByText('DEAD').waitFor();
  assert.deepEqual(page.faults, []);
});

test('the counts of a label', async () => {
  await page.goto(`${server.url}?group=zone`);
  const row = page.getByRole('row', { name: /eu-1/ });
  await row.first().waitFor();
  assert.match(await page.getByRole('region', { name: 'Counts by label' }).innerText(), /eu-1[\s\S]*eu-2[\s\S]*us-1|us-1/);
  await page.getByRole('region', { name: 'Counts by label' }).getByRole('link', { name: 'us-1' }).click();
  await page.locator('.status', { hasText: '3,333 of 3,333 clients' }).waitFor();
  assert.deepEqual(page.faults, []);
});
