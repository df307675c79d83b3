// @grpc/grpc-js beats, lists and watches through nothing but the .proto files.
// usage: node node_client_test.cjs LIVENESSD ROOT               (run by tests/foreign/run)
//        node node_client_test.cjs beat ADDRESS ID ROOT         beats until it is killed
'use strict';
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { spawn } = require('node:child_process');
const path = require('node:path');
const { after, before, test } = require('node:test');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const root = process.argv.at(-1);
const PATIENCE_MS = 30_000;

function load(...files) {
  const definition = protoLoader.loadSync(files, {
    includeDirs: [path.join(root, 'proto'), path.join(root, 'tests/foreign')],
    keepCase: true, enums: String, longs: String, oneofs: true, defaults: true,
  });
  return grpc.loadPackageDefinition(definition);
}

const { v1 } = load('liveness/v1/heartbeat_service.proto', 'liveness/v1/registry_service.proto').liveness;
const health = load('grpc/health/v1/health.proto').grpc.health.v1;
const reflection = load('grpc/reflection/v1alpha/reflection.proto').grpc.reflection.v1alpha;
// Messages of a package definition can be decoded alone.
const rpc = load('google/rpc/error_details.proto').google.rpc;
const insecure = grpc.credentials.createInsecure();

function duration(ms) {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 };
}

// One Heartbeat call: hello, then a ping an interval; answers the server's pings.
class Beater {
  constructor(address, clientId, { labels = {}, intervalMs = 200, timeoutMs = 3000 } = {}) {
    this.client = new v1.HeartbeatService(address, insecure);
    this.call = this.client.heartbeat();
    this.pongs = [];
    this.welcomed = new Promise((resolve, reject) => {
      this.call.on('data', (response) => {
        if (response.message === 'welcome') resolve(response.welcome);
        if (response.message === 'pong') this.pongs.push(response.pong);
        if (response.message === 'ping') this.call.write({ pong: { sequence: response.ping.sequence } });
      });
      this.call.on('error', reject);
    });
    this.welcomed.catch(() => {});
    this.ended = new Promise((resolve) => this.call.on('status', resolve));
    this.call.write({ hello: { client_id: clientId, instance_id: `i-${process.hrtime.bigint()}`, labels,
                               interval: duration(intervalMs), timeout: duration(timeoutMs) } });
    let sequence = 0;
    this.timer = setInterval(() => this.call.write({ ping: { sequence: ++sequence } }), intervalMs);
    this.ended.then(() => clearInterval(this.timer));
  }
  async goodbye() {
    clearInterval(this.timer);
    this.call.write({ goodbye: { reason: 'done' } });
    this.call.end();
    const status = await this.ended;
    this.client.close();
    return status.code;
  }
}

function unary(client, method, request) {
  return new Promise((resolve, reject) => {
    client[method](request, { deadline: Date.now() + PATIENCE_MS },
                   (error, response) => (error ? reject(error) : resolve(response)));
  });
}

// The details of an error by the name of their message, as any client decodes them.
function detailsOf(error) {
  const bytes = error.metadata.get('grpc-status-details-bin')[0];
  const details = {};
  for (const any of rpc.Status.deserialize(bytes).details) {
    const name = any.type_url.slice('type.googleapis.com/google.rpc.'.length);
    if (rpc[name]) details[name] = rpc[name].deserialize(any.value);
  }
  return details;
}

// The next message of a server stream.
function reader(call) {
  const waiting = call[Symbol.asyncIterator]();
  return async () => (await waiting.next()).value;
}

// [state, cause] of the snapshot and of each transition.
function watch(registry, filter) {
  const call = registry.watchClients({ filter }, { deadline: Date.now() + PATIENCE_MS });
  const next = reader(call);
  const events = [];
  return {
    async next() {
      while (events.length === 0) {
        const response = await next();
        for (const client of response.clients) events.push([client.state, client.cause]);
        for (const transition of response.transitions) events.push([transition.to_state, transition.cause]);
      }
      return events.shift();
    },
    cancel() {
      call.on('error', () => {});
      call.cancel();
    },
  };
}

if (process.argv[2] === 'beat') {
  new Beater(process.argv[3], process.argv[4]);
} else {
  let server, address, registry;

  before(async () => {
    server = spawn(process.argv[2], ['--listen=127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = await once(server.stdout, 'data');
    address = /^listening on (\S+)/.exec(String(line))[1];
    registry = new v1.RegistryService(address, insecure);
  });
  after(async () => {
    registry.close();
    server.kill('SIGTERM');
    const [code] = await once(server, 'exit');
    assert.equal(code, 0);
  });

  test('beats and is answered', async () => {
    const beater = new Beater(address, 'node-beat', { labels: { zone: 'eu-1' } });
    const welcome = await beater.welcomed;
    assert.ok(BigInt(welcome.incarnation) > 0n);
    while (beater.pongs.length < 3) await once(beater.call, 'data');
    assert.deepEqual(beater.pongs.slice(0, 3).map((pong) => pong.sequence), ['1', '2', '3']);
    const client = await unary(registry, 'getClient', { name: 'clients/node-beat' });
    assert.equal(client.state, 'STATE_ALIVE');
    assert.deepEqual(client.labels, { zone: 'eu-1' });
    assert.equal(await beater.goodbye(), grpc.status.OK);
  });

  test('lists with a filter in pages', async () => {
    const beaters = [0, 1, 2, 3, 4, 5].map((i) => new Beater(address, `node-list-${i}`, { labels: { odd: `${i % 2}` } }));
    for (const beater of beaters) await beater.welcomed;
    const ids = [];
    let token = '';
    do {
      const page = await unary(registry, 'listClients', {
        page_size: 2, page_token: token, filter: 'client_id = "node-list-*" AND labels.odd = 1 AND state = ALIVE' });
      ids.push(...page.clients.map((client) => client.client_id));
      token = page.next_page_token;
    } while (token);
    assert.deepEqual(ids, ['node-list-1', 'node-list-3', 'node-list-5']);
    for (const beater of beaters) assert.equal(await beater.goodbye(), grpc.status.OK);
  });

  test('a watch tells why a killed process is gone', async () => {
    const events = watch(registry, 'client_id = "node-killed"');
    const child = spawn(process.execPath, [__filename, 'beat', address, 'node-killed', root], { stdio: 'inherit' });
    try {
      assert.deepEqual(await events.next(), ['STATE_ALIVE', 'CAUSE_UNSPECIFIED']);
      child.kill('SIGKILL');
      assert.deepEqual(await events.next(), ['STATE_SUSPECT', 'CAUSE_PROCESS_EXITED']);
      assert.deepEqual(await events.next(), ['STATE_DEAD', 'CAUSE_PROCESS_EXITED']);
    } finally {
      child.kill('SIGKILL');
      events.cancel();
    }
  });

  test('a watch tells of a goodbye', async () => {
    const events = watch(registry, 'client_id = "node-leaver"');
    const beater = new Beater(address, 'node-leaver');
    assert.equal((await events.next())[0], 'STATE_ALIVE');
    assert.equal(await beater.goodbye(), grpc.status.OK);
    assert.deepEqual(await events.next(), ['STATE_LEFT', 'CAUSE_SAID_GOODBYE']);
    events.cancel();
  });

  test('errors carry their reason', async () => {
    await assert.rejects(unary(registry, 'getClient', { name: 'clients/nobody' }), (error) => {
      assert.equal(error.code, grpc.status.NOT_FOUND);
      const { ErrorInfo } = detailsOf(error);
      assert.equal(ErrorInfo.reason, 'CLIENT_NOT_FOUND');
      assert.equal(ErrorInfo.domain, 'liveness');
      return true;
    });
    await assert.rejects(unary(registry, 'listClients', { page_size: -1 }), (error) => {
      assert.equal(detailsOf(error).BadRequest.field_violations[0].field, 'page_size');
      return true;
    });
  });

  test('health of server and client', async () => {
    const client = new health.Health(address, insecure);
    assert.equal((await unary(client, 'check', {})).status, 'SERVING');
    const call = client.watch({ service: 'client/node-health' });
    call.on('error', () => {});
    const next = reader(call);
    assert.equal((await next()).status, 'SERVICE_UNKNOWN');
    const beater = new Beater(address, 'node-health');
    assert.equal((await next()).status, 'SERVING');
    await beater.goodbye();
    assert.equal((await next()).status, 'NOT_SERVING');
    call.cancel();
    client.close();
  });

  test('reflection lists the services', async () => {
    const client = new reflection.ServerReflection(address, insecure);
    const call = client.serverReflectionInfo();
    const next = reader(call);
    call.write({ list_services: '' });
    const names = (await next()).list_services_response.service.map((service) => service.name);
    assert.ok(names.includes('liveness.v1.RegistryService'), names.join());
    call.end();
    client.close();
  });
}
