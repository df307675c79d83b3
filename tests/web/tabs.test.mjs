// Several tabs, one stream.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, Fleet, open, rowOf, Server, until } from './harness.mjs';

let server, fleet;
before(async () => {
  server = await Server.start(['--resume-grace=500ms']);
  fleet = new Fleet(server.grpc);
});
after(async () => {
  fleet.end();
  await closeBrowser();
  await server.stop();
  server.forget();
});

const streams = async () => Number((await server.get('stats')).watcher_count);

test('two tabs share one EventSource; the second goes on when the first is closed', async () => {
  await fleet.add('a');
  const first = await open(server.url);
  await rowOf(first, 'a').waitFor();
  await until('one watches', async () => await streams() === 1);
  const opened = [];
  first.context().on('request', (request) => { if (request.url().includes('/watch')) opened.push(request.url()); });
  const second = await open(server.url, { context: first.context() });
  await rowOf(second, 'a').waitFor();
  assert.equal(await streams(), 1);
  assert.deepEqual(opened, []);

  await fleet.add('b');
  for (const page of [first, second]) await rowOf(page, 'b').getByText('ALIVE').waitFor();
  fleet.cut('a');
  for (const page of [first, second]) await rowOf(page, 'a').getByText('DEAD').waitFor();

  await first.close();
  await until('the second has it', async () => opened.length === 1);
  await second.waitForSelector('html[data-stream=live]', { state: 'attached' });
  fleet.cut('b');
  await rowOf(second, 'b').getByText('DEAD').waitFor();
  assert.equal(await streams(), 1);
  await second.context().close();
  await until('nobody watches', async () => await streams() === 0);
  assert.deepEqual([...first.faults, ...second.faults], []);
});

test('where a browser has no locks, two tabs share one stream all the same, and copy', async () => {
  await fleet.add('c');
  await fleet.add('d');
  const script = () => {
    Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });
    Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined });
  };
  const first = await open(server.url, { script });
  const second = await open(server.url, { script, context: first.context() });
  for (const page of [first, second]) await rowOf(page, 'c').getByText('ALIVE').waitFor();
  assert.equal(await streams(), 1);
  fleet.cut('c');
  for (const page of [first, second]) await rowOf(page, 'c').getByText('DEAD').waitFor();
  await first.getByRole('button', { name: 'Copy as livenessctl' }).click();
  await first.locator('.toast', { hasText: 'Copied: livenessctl list -o wide' }).waitFor();
  await first.close();
  fleet.cut('d');
  await rowOf(second, 'd').getByText('DEAD').waitFor();
  await until('the second has the stream', async () => await streams() === 1);
  assert.deepEqual([...first.faults, ...second.faults], []);
  await second.context().close();
});
