// Who are you? The page asks where the server does, shows what the token may see, and forgets it with the token.
// What clients say of themselves is text, whatever it looks like.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { closeBrowser, Fleet, open, rowOf, Server, until } from './harness.mjs';

const TOKENS = { ops: 'lvt_ops0123456789012345678901234567890123456789', beat: 'lvt_beat123456789012345678901234567890123456789' };
const entry = (name, role) => `[[token]]\nname = "${name}"\nsha256 = "${createHash('sha256').update(TOKENS[name]).digest('hex')}"\nroles = ["${role}"]\n`;

let folder, file, server, fleet;

function write(text) {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

before(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'liveness-login-'));
  file = path.join(folder, 'tokens.toml');
  write(entry('ops', 'view') + entry('beat', 'beat'));
  server = await Server.start([`--token-file=${file}`]);
  fleet = new Fleet(server.grpc, TOKENS.beat);
  await fleet.add('web-1');
  await fleet.add('<img src=x onerror=document.title="owned">', { hello: { labels: { '<b>': '<script>document.title="owned"</script>' },
    host: '<svg onload=alert(1)>', version: '"><i>', last_will: '</pre><script>document.title="owned"</script>' } });
});
after(async () => {
  fleet.end();
  await closeBrowser();
  await server.stop();
  server.forget();
  rmSync(folder, { recursive: true, force: true });
});

test('a token opens the page, and the page is closed when the token is taken away', async () => {
  const page = await open(server.url, { closed: true });
  const field = page.getByLabel('Token');
  await field.waitFor();
  assert.match(await page.locator('main').innerText(), /Who are you/);
  await field.fill('lvt_guess');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText(/none that this server knows/).waitFor();
  await field.fill(TOKENS.ops);
  await page.getByRole('button', { name: 'Log in' }).click();
  await rowOf(page, 'web-1').waitFor();
  const [cookie] = await page.context().cookies();
  assert.equal(cookie.httpOnly, true);
  assert.equal(cookie.sameSite, 'Strict');
  assert.equal(await page.evaluate(() => document.cookie), '', 'no script can read it');
  await page.reload();
  await rowOf(page, 'web-1').waitFor();
  write(entry('beat', 'beat'));
  await page.getByLabel('Token').waitFor();
  write(entry('ops', 'view') + entry('beat', 'beat'));
  await until('the token counts again', async () => (await fetch(`${server.url}api/v1/stats`, { headers: { Authorization: `Bearer ${TOKENS.ops}` } })).ok);
});

test('what clients say is text', async () => {
  const page = await open(server.url, { closed: true });
  await page.getByLabel('Token').fill(TOKENS.ops);
  await page.getByRole('button', { name: 'Log in' }).click();
  await rowOf(page, 'web-1').waitFor();
  for (const query of ['', '?group=%3Cb%3E', `?view=client&id=${encodeURIComponent('<img src=x onerror=document.title="owned">')}`, '?view=events', '?view=overview']) {
    await page.goto(server.url + query);
    await page.waitForSelector('html[data-stream=live]', { state: 'attached' });
    await page.waitForTimeout(500);
    assert.doesNotMatch(await page.title(), /owned/, query);
    assert.equal(await page.locator('main img, main svg[onload], main script').count(), 0, query);
  }
});
