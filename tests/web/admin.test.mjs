// What operators do from the page: counted first, with who and why, and only where the server takes it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, Fleet, open, rowOf, Server, until } from './harness.mjs';

let server, fleet, page;

before(async () => {
  server = await Server.start(['--http-admin']);
  fleet = new Fleet(server.grpc);
  for (let i = 0; i < 5; ++i) await fleet.add(`web-${i}`, { hello: { labels: { zone: i < 3 ? 'eu' : 'us' } } });
  page = await open(server.url);
});
after(async () => {
  fleet.end();
  await closeBrowser();
  await server.stop();
  server.forget();
});

async function say(why) {
  await page.getByLabel('Why').fill(why);
  await page.getByLabel('Who you are').fill('ada');
}

test('maintenance of a filter: counted, then done, and kept with its reason', async () => {
  await page.goto(`${server.url}?filter=${encodeURIComponent('labels.zone = "eu"')}`);
  await rowOf(page, 'web-0').waitFor();
  await page.getByRole('button', { name: 'Maintenance…' }).click();
  await page.getByText('3 clients are concerned now: web-0, web-1, web-2.').waitFor();
  await page.getByRole('button', { name: 'Mark 3 clients' }).click();
  assert.equal(await page.getByRole('dialog').count(), 1, 'not without a reason');
  await say('new racks');
  await page.getByRole('button', { name: 'Mark 3 clients' }).click();
  await rowOf(page, 'web-2').getByText('MAINTENANCE').waitFor();
  assert.equal((await server.get('clients/web-3')).health, 'HEALTH_OK');
  const told = (await server.get('server')).incidents.find((each) => each.kind === 'INCIDENT_KIND_OPERATOR');
  assert.match(told.message, /new racks \(ada\)/);
});

test('a second tab, which shares the stream of the first, may do the same', async () => {
  const second = await open(server.url, { context: page.context() });
  await second.getByRole('button', { name: 'Maintenance…' }).waitFor();
  await second.close();
});

test('evict: the reason is in the evidence', async () => {
  await page.goto(`${server.url}?view=client&id=web-4`);
  await page.getByRole('button', { name: 'Evict…' }).click();
  await say('it is a zombie');
  await page.getByRole('button', { name: 'Evict it' }).click();
  await page.locator('.verdict', { hasText: 'EVICTED' }).waitFor();
  await page.locator('main', { hasText: 'it is a zombie (ada)' }).waitFor();
});

test('drain and undrain', async () => {
  await page.goto(`${server.url}?view=overview`);
  await page.getByRole('button', { name: 'Drain…' }).click();
  await page.getByText(/4 clients are concerned/).waitFor();
  await say('kernel');
  await page.getByRole('button', { name: 'Move 4 clients' }).click();
  await until('it drains', async () => (await server.get('server')).draining);
  await page.getByRole('button', { name: 'Undrain…' }).click();
  await say('done');
  await page.getByRole('button', { name: 'Undrain', exact: true }).click();
  await until('it does not drain', async () => !(await server.get('server')).draining);
  assert.deepEqual(page.faults, []);
});

test('without --http-admin there is no such button', async () => {
  const other = await Server.start(['--store=memory']);
  try {
    const plain = await open(other.url);
    await plain.locator('.status', { hasText: 'none has said hello yet' }).waitFor();
    assert.equal(await plain.getByRole('button', { name: 'Maintenance…' }).count(), 0);
  } finally {
    await other.stop();
    other.forget();
  }
});
