// Ten thousand rows: as smooth as ten.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, Fleet, open, Server, until } from './harness.mjs';

const MANY = 10000;
const ATTEMPTS = 8;
let server, fleet, page;

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

// Scrolls for two seconds, `step` pixels a frame; {frames, script}: milliseconds from frame to frame, and of
// those that the page itself worked in each.
const scroll = (step) => page.evaluate((pixels) => new Promise((resolve) => {
  const body = document.querySelector('.grid-body');
  const frames = [];
  const tasks = [];
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((each) => Math.round(each.duration))));
  observer.observe({ type: 'longtask' });
  const begin = performance.now();
  let last = begin;
  const frame = (now) => {
    frames.push(now - last);
    last = now;
    body.scrollTop += pixels;
    if (now - begin < 2000) requestAnimationFrame(frame);
    else setTimeout(() => { observer.disconnect(); resolve({ frames: frames.slice(1), tasks }); }, 100);
  };
  requestAnimationFrame(frame);
}), step);

test('ten thousand rows scroll without a frame over 50 ms', async (t) => {
  // Whatever else runs on this machine takes frames, too: the calmest of a few runs is the page's own.
  for (const step of [37, 240, 1200]) {
    let calm = false;
    for (let attempt = 0; attempt < ATTEMPTS && !calm; ++attempt) {
      const { frames, tasks } = await scroll(step);
      frames.sort((a, b) => a - b);
      const p99 = frames[Math.floor(0.99 * frames.length)];
      t.diagnostic(`${step} px a frame: ${frames.length} frames, p99 ${p99.toFixed(1)} ms, longest ${frames.at(-1).toFixed(1)} ms, long tasks ${tasks.length}`);
      // A frame that was missed is two of 16.7 ms; what a clock of whole frames tells as 50.0 is three.
      calm = frames.at(-1) < 51 && tasks.length === 0;
    }
    assert.ok(calm, `a frame over 50 ms in each of ${ATTEMPTS} runs at ${step} px a frame`);
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
