// What is in the address, what is copied, what is exported, and what strangers write.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { closeBrowser, Fleet, open, rowOf, Server, until } from './harness.mjs';

const EVIL = '\u202Eevil</a><img src=x onerror="globalThis.hurt=1">';
let server, fleet, page;

before(async () => {
  server = await Server.start(['--resume-grace=300ms', '--group-label=zone', '--mass-min=4']);
  fleet = new Fleet(server.grpc);
  for (let i = 0; i < 8; ++i) await fleet.add(`web/${i}`, { hello: { labels: { zone: i < 4 ? 'eu' : 'us' }, host: `host-${i % 2}` } });
  await fleet.add('wеb-1', { hello: { labels: { zone: 'mars' } } });
  await fleet.add(EVIL, { hello: { labels: { note: EVIL, zone: 'mars' }, host: EVIL, version: '=1+1' } });
});
afterEach(async () => {
  assert.deepEqual(page?.faults ?? [], []);
  await page?.close();
  page = null;
});
after(async () => {
  fleet.end();
  await closeBrowser();
  await server.stop();
  server.forget();
});

async function downloaded(action) {
  const [download] = await Promise.all([page.waitForEvent('download'), action()]);
  return readFileSync(await download.path(), 'utf8');
}
// Without a permission for the clipboard the page has its other way.
const copied = async () => (await page.locator('.toast', { hasText: 'Copied' }).innerText()).replace(/^Copied: /, '');

test('a link restores filter, order, columns, label, zone and kind of times', async () => {
  const query = new URLSearchParams({ filter: 'labels.zone = "eu"', order: 'client_id desc', cols: 'state,client,version', group: 'zone',
    zone: 'local', times: 'abs' });
  page = await open(`${server.url}?${query}`);
  await rowOf(page, 'web/3').waitFor();
  assert.equal(await page.getByLabel('Filter').inputValue(), 'labels.zone = "eu"');
  assert.deepEqual(await page.locator('.row.head > *').allInnerTexts(), ['State', 'Client ▾', 'Version']);
  assert.equal(await page.locator('.grid-body .row').first().getByRole('link').innerText(), 'web/3');
  assert.equal(await page.locator('.grid-body .row').count(), 4);
  await page.getByRole('button', { name: 'local' }).waitFor();
  await page.getByRole('button', { name: 'absolute' }).waitFor();
  // What is changed on the page is in the address, and Back goes back.
  await page.getByLabel('Filter').fill('labels.zone = "us"');
  await rowOf(page, 'web/7').waitFor();
  assert.equal(new URL(page.url()).searchParams.get('filter'), 'labels.zone = "us"');
  await rowOf(page, 'web/7').getByRole('link').click();
  await page.getByRole('heading', { name: 'web/7' }).waitFor();
  await page.goBack();
  await rowOf(page, 'web/7').waitFor();
});

test('what is wrong with a filter is told at its column', async () => {
  page = await open(`${server.url}?filter=${encodeURIComponent('state = ALIVE AND colour = "red"')}`);
  const wrong = page.locator('#filter-error pre');
  await wrong.waitFor();
  const [filter, told] = (await wrong.innerText()).split('\n');
  assert.equal(told.indexOf('^'), filter.indexOf('colour'));
  assert.match(told, /column 19/);
  assert.equal(await page.getByLabel('Filter').getAttribute('aria-invalid'), 'true');
});

test('each filter that the help shows is one', async () => {
  page = await open(server.url);
  await page.keyboard.press('?');
  const filters = await page.getByRole('dialog').getByRole('listitem').allInnerTexts();
  assert.ok(filters.length > 5);
  for (const filter of filters) {
    assert.deepEqual(Object.keys(await server.get(`stats?filter=${encodeURIComponent(filter)}`)).includes('counts'), true, filter);
  }
});

test('a permalink shows the record as it was', async () => {
  await fleet.add('phoenix');
  const before_ = await server.get('clients/phoenix');
  fleet.goodbye('phoenix', { reason: 'first life', exit_code: 3 });
  await until('it died', async () => (await server.get('clients/phoenix')).state === 'STATE_DEAD');
  page = await open(`${server.url}?view=client&id=phoenix`);
  await page.locator('.verdict', { hasText: 'first life' }).waitFor();
  await page.getByRole('button', { name: 'Copy permalink' }).click();
  const link = await copied();
  await fleet.add('phoenix');
  await page.locator('.verdict', { hasText: 'ALIVE for' }).waitFor();
  await page.goto(link);
  await page.locator('.verdict', { hasText: 'first life' }).waitFor();
  await page.locator('.banner', { hasText: 'As of revision' }).waitFor();
  await page.goto(`${server.url}?view=client&id=phoenix&revision=${before_.revision}&history=other`);
  await page.locator('.banner', { hasText: 'another history' }).waitFor();
  await page.getByRole('link', { name: 'Show it live' }).click();
  await until('live again', async () => await page.locator('.banner').count() === 0);
});

test('the command line says the same', async () => {
  page = await open(`${server.url}?filter=${encodeURIComponent('labels.zone = "eu"')}&order=client_id+desc`);
  await rowOf(page, 'web/3').waitFor();
  await page.getByRole('button', { name: 'Copy as livenessctl' }).click();
  assert.equal(await copied(), `livenessctl list --filter='labels.zone = "eu"' --order-by='client_id desc' -o wide`);
});

test('the verdict and its evidence are told in the words of the command line', async () => {
  const child = await server.beat('told', '--last-will=mind the shard', '--label=zone=eu');
  await new Promise((resolve) => setTimeout(resolve, 1200));
  child.kill('SIGKILL');
  await until('it died', async () => (await server.get('clients/told')).state === 'STATE_DEAD');
  page = await open(`${server.url}?view=client&id=told`);
  await page.locator('.verdict', { hasText: 'PROCESS_EXITED' }).waitFor();
  const shown = (await page.locator('main').innerText()).replace(/\s+/g, ' ');
  const lines = server.ctl('get', 'told').split('\n');
  const evidence = lines.slice(lines.indexOf('Evidence:') + 1, lines.findIndex((line) => line.startsWith('Registered:')));
  assert.ok(evidence.length >= 6, evidence.join('\n'));
  for (const line of evidence) {
    const [, name, text] = /^ *([^:]*): +(.*)$/.exec(line);
    // How long ago, and where its last minute is to be had, each tells in its own way.
    if (!['Gathered', 'Last minute'].includes(name)) assert.ok(shown.includes(text), `${name}: ${text}\nin ${shown}`);
  }
});

test('an export is the list, whole and in its order', async () => {
  page = await open(`${server.url}?filter=${encodeURIComponent('state = ALIVE')}&order=client_id+desc`);
  await rowOf(page, 'web/3').waitFor();
  await page.getByText('Export').click();
  const lines = (await downloaded(() => page.getByRole('button', { name: 'NDJSON' }).click())).trim().split('\n').map((line) => JSON.parse(line));
  const { clients } = await server.get(`clients?filter=${encodeURIComponent('state = ALIVE')}&order_by=client_id+desc&view=CLIENT_VIEW_FULL`);
  assert.deepEqual(lines.map((each) => each.client_id), clients.map((each) => each.client_id));
  assert.deepEqual(Object.keys(lines[0]).sort(), Object.keys(clients[0]).sort());
  const csv = await downloaded(() => page.getByRole('button', { name: 'CSV' }).click());
  assert.equal(csv.trim().split('\r\n').length, clients.length + 1);
  assert.match(csv, /^client_id,state,/);
  // What a spreadsheet would take for a formula is text.
  assert.match(csv, /,'=1\+1,/);
  assert.equal(await page.locator('.grid-body .row').count(), clients.length);
});

test('text of strangers is text: nothing hidden, nothing turned, nothing run', async () => {
  page = await open(server.url);
  await page.getByRole('link', { name: '\\u{202e}evil</a><img' }).waitFor();
  await page.getByRole('link', { name: '"wеb-1" (in ASCII: w\\u{0435}b-1)' }).waitFor();
  await page.getByRole('link', { name: '\\u{202e}evil</a><img' }).click();
  await page.getByRole('heading', { name: '\\u{202e}evil' }).waitFor();
  await page.getByText('label note').waitFor();
  await page.getByRole('link', { name: 'Events', exact: true }).click();
  await page.getByRole('link', { name: '\\u{202e}evil' }).first().waitFor();
  assert.equal(await page.evaluate(() => globalThis.hurt), undefined);
  assert.equal(await page.locator('main img').count(), 0);
  assert.doesNotMatch(await page.locator('body').innerText(), /\u202E/);
});

test('a mass failure: told, and saved with its members, their evidence and their history', async () => {
  page = await open(`${server.url}?view=overview`);
  await page.getByText('0 since the server started').waitFor();
  for (let i = 4; i < 8; ++i) fleet.cut(`web/${i}`);
  await page.getByText('label zone=us').waitFor();
  await page.locator('#spoken', { hasText: 'Mass failure' }).waitFor({ state: 'attached', timeout: 15000 });
  await until('all of them died', async () => (await server.get('clients?filter=state%3DDEAD')).clients.length >= 4);
  const bundle = JSON.parse(await downloaded(() => page.getByRole('button', { name: 'Bundle' }).first().click()));
  assert.match(bundle.event.scope, /^(label zone=us|host=host-\d)$/);
  const ids = bundle.members.map((each) => each.client_id).sort();
  if (bundle.event.scope === 'label zone=us') assert.deepEqual(ids, ['web/4', 'web/5', 'web/6', 'web/7']);
  for (const member of bundle.members) {
    assert.equal(member.client.state, 'STATE_DEAD');
    assert.ok(member.client.evidence.summary);
    assert.ok(member.history.length >= 3, 'it began, was suspected and died');
  }
  assert.equal(bundle.history_id, (await server.get('server')).history_id);
  // And from the other side: who died with one of them, and was it the server?
  await page.goto(`${server.url}?view=client&id=web%2F5`);
  await page.getByText(/\d other clients.*fell within 30 s/).waitFor();
  await page.locator('.inline-list').getByRole('link', { name: 'web/6' }).waitFor();
  await page.locator('.blame', { hasText: /The server (reports nothing of its own|may have had a part)/ }).waitFor();
});

test('the overview counts each transition once, whatever comes while it asks', async () => {
  page = await open(`${server.url}?view=overview&range=1h`);
  const alive = async () => Number((await server.get('stats')).counts.alive);
  const label = () => page.getByRole('img', { name: /^Clients over time/ }).getAttribute('aria-label');
  const rate = async () => Number(/at most (\d+)/.exec(await page.getByRole('img', { name: /^Transitions a minute/ }).getAttribute('aria-label'))[1]);
  for (let i = 0; i < 20; ++i) await fleet.add(`counted-${i}`);
  const expected = `Clients over time: 0 alive at the beginning, ${await alive()} now`;
  await until(expected, async () => await label() === expected);
  const { transitions } = await server.get('transitions?page_size=1000');
  const minutes = new Map();
  for (const each of transitions) minutes.set(each.time.slice(0, 16), (minutes.get(each.time.slice(0, 16)) ?? 0) + 1);
  assert.equal(await rate(), Math.max(...minutes.values()));
});

test('a stall of the server is shaded, and named where the verdict is', async () => {
  await fleet.add('victim', { intervalMs: 300, timeoutMs: 1000 });
  process.kill(server.pid, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  process.kill(server.pid, 'SIGCONT');
  await until('it told of its stall', async () => (await server.get('server')).incidents.some((each) => each.kind === 'INCIDENT_KIND_STALL'));
  fleet.fallSilent('victim');
  await until('it died', async () => (await server.get('clients/victim')).state === 'STATE_DEAD');
  page = await open(`${server.url}?view=client&id=victim`);
  await page.locator('.blame', { hasText: 'The server may have had a part in it: stall' }).waitFor();
  await page.locator('.timeline rect.blind').first().waitFor({ state: 'attached' });
});
