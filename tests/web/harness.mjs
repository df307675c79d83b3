// What each test of the page needs: a livenessd with its page, clients, a proxy that can be slow, a browser.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

// Modules lie where `run` has installed them: NODE_PATH is for require() alone.
const require = createRequire(import.meta.url);
const { chromium } = require('playwright-core');
export const { Fleet } = require('./fleet.cjs');
export const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
export { pause };

const BIN = process.env.LIVENESS_BIN_DIR;
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const READY_MS = 20000;

// All that was started here ends with this process, whatever becomes of the test.
const children = new Set();
const folders = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function start(program, args, stdio) {
  const child = spawn(path.join(BIN, program), args, { stdio });
  children.add(child);
  child.once('exit', () => children.delete(child));
  child.unref();
  return child;
}

// Polls: what a test waits for comes from other processes.
export async function until(what, condition, ms = 15000) {
  const end = performance.now() + ms;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await pause(20);
  }
}

export class Server {
  #process = null;
  #data = mkdtempSync(path.join(os.tmpdir(), 'liveness-web-'));
  grpc = '127.0.0.1:0';
  http = '127.0.0.1:0';

  constructor(args = []) {
    this.args = args;
    folders.add(this.#data);
  }

  static async start(args) {
    const server = new Server(args);
    await server.start();
    return server;
  }

  // Again at the same ports, if it ran before.
  async start() {
    const child = start('livenessd', [`--listen=${this.grpc}`, `--http-listen=${this.http}`, `--data-dir=${this.#data}`,
      '--log-level=warn', ...this.args], ['ignore', 'pipe', 'inherit']);
    this.#process = child;
    let text = '';
    child.stdout.on('data', (data) => { text += data; });
    await until('livenessd is ready', () => {
      if (child.exitCode !== null) throw new Error(`livenessd ended with ${child.exitCode}`);
      this.grpc = /^listening on (\S+)$/m.exec(text)?.[1] ?? this.grpc;
      this.http = /^http on (\S+)$/m.exec(text)?.[1] ?? this.http;
      return !this.grpc.endsWith(':0') && !this.http.endsWith(':0') && /^http on/m.test(text);
    }, READY_MS);
  }

  get url() { return `http://${this.http}/`; }
  get pid() { return this.#process.pid; }

  async stop(signal = 'SIGTERM') {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();  // else node ends while this waits, and what a test clears up after it stays
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await Promise.race([ended, pause(10000, undefined, { ref: false }).then(() => child.kill('SIGKILL'))]);
  }

  forget() { rmSync(this.#data, { recursive: true, force: true }); }

  async get(what) {
    const response = await fetch(`${this.url}api/v1/${what}`);
    return response.json();
  }

  // What livenessctl prints.
  ctl(...args) { return execFileSync(path.join(BIN, 'livenessctl'), [`--server=${this.grpc}`, ...args], { encoding: 'utf8' }); }

  // A process of its own that beats; the answer is the child.
  async beat(id, ...args) {
    const child = start('livenessctl', [`--server=${this.grpc}`, 'beat', `--id=${id}`, '--interval=500ms', '--timeout=2s', ...args], 'ignore');
    await until(`${id} is known`, async () => (await this.get(`clients/${encodeURIComponent(id)}`)).state === 'STATE_ALIVE');
    return child;
  }
}

// Between browser and server: holds back what it is told to, and knows what the browser said.
export class Proxy {
  #server;
  #sockets = new Set();
  #delay = 0;
  #held = false;
  heard = '';

  static async start(target) {
    const proxy = new Proxy();
    const [host, port] = target.split(':');
    proxy.#server = net.createServer((near) => {
      const far = net.connect(Number(port), host);
      for (const [from, to] of [[near, far], [far, near]]) {
        proxy.#sockets.add(from);
        from.on('data', async (data) => {
          from.pause();
          if (from === near) proxy.heard += data.toString('latin1');
          if (proxy.#delay) await pause(proxy.#delay);
          while (proxy.#held && !from.destroyed) await pause(50);
          to.write(data);
          from.resume();
        });
        from.on('close', () => { proxy.#sockets.delete(from); to.destroy(); });
        from.on('error', () => to.destroy());
      }
    });
    await new Promise((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    proxy.url = `http://127.0.0.1:${proxy.#server.address().port}/`;
    return proxy;
  }

  slow(ms) { this.#delay = ms; }
  hold(held) { this.#held = held; }
  cut() { for (const socket of this.#sockets) socket.destroy(); }

  stop() {
    this.#held = false;
    this.cut();
    this.#server.close();
  }
}

let browser = null;

// A page that collects what should not be there: `page.faults`. `closed`: the server asks who one is, and it is not
// waited for that the page is live.
export async function open(url, { context = null, script = null, closed = false, ...options } = {}) {
  // evil.example, a stranger's name, leads to this host.
  browser ??= await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage',
    '--host-resolver-rules=MAP evil.example 127.0.0.1'] });
  context ??= await browser.newContext({ viewport: { width: 1400, height: 860 }, ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(`error: ${error.stack}`));
  page.on('console', (message) => {
    // A server that is away, and a request that is refused, are told there, too.
    if (message.type() === 'error' && !/Failed to load resource|ERR_/.test(message.text())) page.faults.push(`console: ${message.text()}`);
  });
  await page.addInitScript(() => addEventListener('securitypolicyviolation', (event) =>
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`)));
  if (script) await page.addInitScript(script);
  await page.goto(url);
  if (!closed) await live(page);
  return page;
}

export async function closeBrowser() {
  await browser?.close();
  browser = null;
}

export const live = (page) => page.waitForSelector('html[data-stream=live]', { state: 'attached', timeout: 20000 });
export const rowOf = (page, id) => page.locator('.grid-body .row', { has: page.getByRole('link', { name: id, exact: true }) });
