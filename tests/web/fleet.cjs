// Clients of many in one process, for tests: they beat, and end as they are told to.
'use strict';
const { randomUUID } = require('node:crypto');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const { liveness } = grpc.loadPackageDefinition(protoLoader.loadSync(['liveness/v1/heartbeat_service.proto'], {
  includeDirs: [path.join(__dirname, '../../proto')], keepCase: true, longs: String, defaults: true }));
const { HeartbeatService } = liveness.v1;
const span = (ms) => ({ seconds: Math.floor(ms / 1000), nanos: Math.round((ms % 1000) * 1e6) });
const CLIENTS_PER_CONNECTION = 100;

class Fleet {
  #address;
  #stubs = [];
  #metadata = new grpc.Metadata();
  clients = new Map();  // by id: {stream, timer}

  constructor(address, token = '') {
    this.#address = address;
    if (token) this.#metadata.set('authorization', `Bearer ${token}`);
  }

  // Each of these has a connection of its own, so that its end is seen as a process's end.
  async add(id, { intervalMs = 500, timeoutMs = 2000, own = true, hello = {}, progress = [] } = {}) {
    const stub = own ? new HeartbeatService(this.#address, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
      : this.#shared();
    const stream = stub.Heartbeat(this.#metadata);
    const client = { stream, timer: 0, sequence: 0, stub: own ? stub : null, progress };
    this.clients.set(id, client);
    stream.on('error', () => clearInterval(client.timer));
    stream.on('data', (message) => {
      if (message.ping && !client.silent) stream.write({ pong: { sequence: message.ping.sequence } });
      if (message.welcome) client.welcomed();
    });
    const ping = () => stream.write({ ping: { sequence: ++client.sequence, progress: client.progress } });
    await new Promise((resolve, reject) => {
      client.welcomed = resolve;
      stream.once('error', reject);
      stream.write({ hello: { client_id: id, instance_id: randomUUID(), interval: span(intervalMs), timeout: span(timeoutMs), attempt: 1, ...hello } });
    });
    ping();
    client.timer = setInterval(ping, intervalMs);
  }

  // Thousands over few connections.
  async addMany(ids, options) {
    const queue = [...ids];
    await Promise.all(Array.from({ length: 64 }, async () => {
      for (let id; (id = queue.shift()) !== undefined;) await this.add(id, { intervalMs: 60000, timeoutMs: 180000, ...options(id), own: false });
    }));
  }

  #shared() {
    const at = Math.floor(this.clients.size / CLIENTS_PER_CONNECTION);
    return this.#stubs[at] ??= new HeartbeatService(this.#address, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  }

  #forget(id) {
    const client = this.clients.get(id);
    clearInterval(client.timer);
    this.clients.delete(id);
    return client;
  }

  // Its stream ends without a goodbye.
  cut(id) {
    const client = this.#forget(id);
    client.stream.on('error', () => {});
    client.stream.cancel();
    client.stub?.close();
  }

  // Nothing is heard of it any more.
  fallSilent(id) {
    const client = this.clients.get(id);
    client.silent = true;
    clearInterval(client.timer);
  }

  // A goodbye, with an exit code or none.
  goodbye(id, goodbye = {}) {
    const client = this.#forget(id);
    client.stream.write({ goodbye });
    client.stream.end();
  }

  end() {
    for (const id of [...this.clients.keys()]) {
      const client = this.#forget(id);
      client.stream.on('error', () => {});
      client.stream.cancel();
      client.stub?.close();
    }
    for (const stub of this.#stubs) stub?.close();
  }
}

module.exports = { Fleet };
