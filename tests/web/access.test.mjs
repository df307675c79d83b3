// For everyone: axe finds nothing in any view, light or dark; the keyboard goes everywhere; what happens is said.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axeSource, closeBrowser, Fleet, open, rowOf, Server, until } from './harness.mjs';

let server, fleet;

before(async () => {
  server = await Server.start(['--resume-grace=300ms', '--http-admin']);
  fleet = new Fleet(server.grpc);
  for (let i = 0; i < 30; ++i) await fleet.add(`web-${String(i).padStart(2, '0')}`, { hello: { labels: { zone: 'eu' }, host: 'h', last_will: 'goodbye' } });
  await fleet.add('stalled', { progress: [{ name: 'loop', age: { seconds: 60 }, deadline: { seconds: 1 } }] });
  fleet.cut('web-29');
  fleet.goodbye('web-28', { reason: 'done' });
  await until('one is dead', async () => (await server.get('clients/web-29')).state === 'STATE_DEAD');
});
after(async () => {
  fleet.end();
  await closeBrowser();
  await server.stop();
  server.forget();
});

const VIEWS = { list: '?group=zone', 'filter that is wrong': '?filter=%3D', client: '?view=client&id=web-29', 'client that is well': '?view=client&id=web-00',
  'client that is unknown': '?view=client&id=nobody', events: '?view=events', overview: '?view=overview' };

async function violations(page) {
  // As a tool of the tests and not as a script of the page: its policy would refuse it.
  await page.evaluate(axeSource);
  const { violations: found } = await page.evaluate(() => globalThis.axe.run());
  return found.map((each) => `${each.id}: ${each.help}: ${each.nodes.map((node) => `${node.html.slice(0, 120)} ${node.failureSummary?.slice(0, 200)}`).slice(0, 3).join(' | ')}`);
}

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing, ${colorScheme}`, async () => {
    const page = await open(server.url, { colorScheme });
    for (const [name, query] of Object.entries(VIEWS)) {
      await page.goto(server.url + query);
      await page.waitForSelector('html[data-stream=live]', { state: 'attached' });
      await page.waitForTimeout(700);
      assert.deepEqual(await violations(page), [], name);
    }
    await page.goto(server.url);
    await rowOf(page, 'web-00').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    assert.deepEqual(await violations(page), [], 'help');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Maintenance…' }).click();
    await page.getByText(/clients are concerned/).waitFor();
    assert.deepEqual(await violations(page), [], 'dialog');
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}

test('grey is legible, too', async () => {
  const other = await Server.start(['--store=memory']);
  const page = await open(other.url);
  await other.stop();
  other.forget();
  await page.waitForSelector('html[data-stream=lost]', { state: 'attached' });
  assert.deepEqual(await violations(page), []);
  await page.context().close();
});

test('the keyboard goes everywhere', async () => {
  const page = await open(server.url);
  await rowOf(page, 'web-00').waitFor();
  const active = () => page.evaluate(() => document.querySelector('[aria-activedescendant]') &&
    document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.querySelector('a').textContent);
  const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
  await press('j');
  assert.equal(await active(), 'stalled');
  await press('j', 'j', 'k');
  await until('the second', async () => await active() === 'web-00');
  await press('End');
  await until('the last', async () => await active() === 'web-29');
  await press('Home', 'ArrowDown');
  await until('the second again', async () => await active() === 'web-00');
  await press('/');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'filter');
  // What is typed there is text, keys of the page or not.
  await page.keyboard.type('client_id = "web-0*" OR client_id = "jk?"');
  await press('Enter');
  await page.locator('.status', { hasText: '10 of 10 clients' }).waitFor();
  await press('Escape');
  assert.notEqual(await page.evaluate(() => document.activeElement.id), 'filter');
  await press('j', 'j', 'Enter');
  await page.getByRole('heading', { name: /^web-0\d$/ }).waitFor();
  await press('Escape');
  await page.locator('.status', { hasText: '10 of 10 clients' }).waitFor();
  await press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await press('Escape');
  await until('it is closed', async () => await page.getByRole('dialog').count() === 0);
  // With Tab alone: each stop is seen.
  for (let i = 0; i < 12; ++i) {
    await press('Tab');
    assert.ok(await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement);
      return document.activeElement === document.body || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2);
    }), `the focus is seen at stop ${i}`);
  }
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('deaths are said, at most once in five seconds', async () => {
  const page = await open(server.url);
  await rowOf(page, 'web-00').waitFor();
  await page.evaluate(() => {
    globalThis.said = [];
    new MutationObserver(() => globalThis.said.push([Date.now(), document.querySelector('#spoken').textContent]))
      .observe(document.querySelector('#spoken'), { childList: true, characterData: true, subtree: true });
  });
  for (let i = 0; i < 6; ++i) {
    fleet.cut(`web-0${i}`);
    await page.waitForTimeout(400);
  }
  await until('all of them are said', () => page.evaluate(() => globalThis.said.some(([, text]) => /died/.test(text)) && globalThis.said.length >= 2));
  const said = await page.evaluate(() => globalThis.said);
  for (let i = 1; i < said.length; ++i) assert.ok(said[i][0] - said[i - 1][0] > 4000, JSON.stringify(said));
  await page.context().close();
});
