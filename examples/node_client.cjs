#!/usr/bin/env node
// A liveness client in Node, whole: it beats, answers, moves, comes back and says goodbye as docs/client.md has it.
//
// usage: node node_client.cjs CLIENT_ID HOST:PORT[,HOST:PORT...]
//
// Needs @grpc/grpc-js and @grpc/proto-loader; LIVENESS_PROTO names the folder of the .proto files
// (default: ../proto).
'use strict';
const { randomUUID } = require('node:crypto');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const { liveness } = grpc.loadPackageDefinition(protoLoader.loadSync(
  ['liveness/v1/heartbeat_service.proto', 'liveness/details/v1/error_details.proto'],
  { includeDirs: [process.env.LIVENESS_PROTO ?? path.join(__dirname, '../proto')],
    keepCase: true, enums: String, longs: String, oneofs: true, defaults: true }));
const { HeartbeatService } = liveness.v1;
const details = liveness.details.v1;

const CHANNEL = { 'grpc.keepalive_time_ms': 6000, 'grpc.keepalive_timeout_ms': 3000,
                  'grpc.keepalive_permit_without_calls': 1, 'grpc.enable_retries': 0,
                  'grpc.use_local_subchannel_pool': 1 };
const WELCOME_TIMEOUT_MS = 5000;
const GOODBYE_TIMEOUT_MS = 500;
const LONGEST_PAUSE_MS = 2000;
// The table of docs/client.md. All that is not in it: come back with the token, backed off.
const NEVER = new Set(['ABORTED SUPERSEDED', 'ABORTED EVICTED', 'INVALID_ARGUMENT BAD_HELLO']);
const NEVER_AT_FIRST = new Set(['FAILED_PRECONDITION QUALITY_UNREACHABLE', 'PERMISSION_DENIED PRINCIPAL_MISMATCH']);
const WITHOUT_TOKEN = new Set(['PERMISSION_DENIED RESUME_TOKEN_OTHER_CLIENT', 'PERMISSION_DENIED RESUME_TOKEN_FORGED']);

// Monotonic. Unlike CLOCK_BOOTTIME it stands while the machine sleeps, so look at your own
// watchdog after a resume.
const now = () => Number(process.hrtime.bigint() / 1000n) / 1000;
const duration = (ms) => ({ seconds: Math.floor(ms / 1000), nanos: Math.round((ms % 1000) * 1e6) });
const ms = (span) => (span ? Number(span.seconds) * 1000 + span.nanos / 1e6 : 0);

// {status, our reason or '', milliseconds to wait or 0} of a call's end.
function why(end) {
  let reason = '';
  let wait = 0;
  for (const bytes of end.metadata?.get('grpc-status-details-bin') ?? []) {
    try {
      for (const any of decode(details.Status, bytes).details) {
        if (any.type_url.endsWith('/google.rpc.ErrorInfo')) {
          const info = decode(details.ErrorInfo, any.value);
          if (info.domain === 'liveness') reason = info.reason;
        } else if (any.type_url.endsWith('/google.rpc.RetryInfo')) {
          wait = ms(decode(details.RetryInfo, any.value).retry_delay);
        }
      }
    } catch { /* somebody else's bytes */ }
  }
  return { status: grpc.status[end.code], reason, wait };
}
const decode = (type, bytes) => type.deserialize(bytes);

class Client {
  constructor(clientId, servers, { intervalMs = 1000, timeoutMs = 3000, labels = {}, onState = console.log } = {}) {
    Object.assign(this, { clientId, servers, intervalMs, timeoutMs, labels, onState });
    this.instanceId = randomUUID();  // new at each start of the process
    this.attempts = this.welcomes = this.failures = this.turn = 0;
    this.uncounted = false;
    this.token = Buffer.alloc(0);
    this.live = this.trying = this.dialTimer = null;
    this.finished = new Promise((resolve) => { this.finish = resolve; });
    this.dialIn(0);
  }

  alive() { return this.live !== null && now() < this.live.aliveUntil; }

  dialIn(delay) {
    clearTimeout(this.dialTimer);
    this.dialTimer = setTimeout(() => this.dial(), delay);
  }

  dial() {
    if (this.trying || this.over) return;
    this.attempts += 1;
    const attempt = this.uncounted ? 0 : this.attempts;
    this.uncounted = false;
    const server = this.servers[this.turn % this.servers.length];
    const stream = { client: new HeartbeatService(server, grpc.credentials.createInsecure(), CHANNEL), attempt,
                     withToken: this.token.length > 0, started: now(), sequence: 0, sent: new Map(), aliveUntil: 0, giveUp: 0 };
    this.trying = stream;
    stream.call = stream.client.heartbeat();
    stream.call.on('data', (response) => this.onResponse(stream, response));
    stream.call.on('error', () => {});  // `status` follows
    stream.call.on('status', (end) => this.onEnd(stream, why(end)));
    stream.timer = setTimeout(() => {
      if (stream !== this.trying) return;
      this.trying = null;
      this.close(stream);
      this.backOff(0);
    }, WELCOME_TIMEOUT_MS);
    stream.call.write({ hello: { client_id: this.clientId, instance_id: this.instanceId, labels: this.labels,
                                 interval: duration(this.intervalMs), timeout: duration(this.timeoutMs),
                                 resume_token: this.token, attempt } });
  }

  close(stream) {
    clearTimeout(stream.timer);
    clearTimeout(stream.silence);
    clearInterval(stream.beat);
    stream.call.cancel();
    stream.client.close();
  }

  // The next server; a pause only between two rounds over all of them.
  backOff(atLeast) {
    this.turn += 1;
    this.failures += 1;
    const rounds = Math.floor(this.failures / this.servers.length);
    let pause = 0;
    if (this.failures % this.servers.length === 0 || atLeast > 0) {
      pause = Math.min(LONGEST_PAUSE_MS, 100 * 2 ** Math.min(rounds - 1, 8)) * (0.5 + Math.random() / 2);
    }
    this.dialIn(Math.max(pause, Math.min(atLeast, 60_000)));
  }

  ping(stream) {
    stream.sent.set(++stream.sequence, now());
    stream.call.write({ ping: { sequence: stream.sequence } });
  }

  // What was sent then is answered: the server says for how long it vouches, and that is
  // believed up to the timeout.
  answered(stream, sent, message) {
    const believed = message.vouched_for ? Math.min(this.timeoutMs, ms(message.vouched_for)) : this.timeoutMs;
    stream.aliveUntil = Math.max(stream.aliveUntil, sent + believed);
    stream.giveUp = Math.max(stream.giveUp, sent + this.timeoutMs);
    clearTimeout(stream.silence);
    stream.silence = setTimeout(() => { if (stream === this.live) this.lose('SERVER_SILENT'); },
                                stream.giveUp - now());
  }

  onResponse(stream, response) {
    if (this.over || (stream !== this.live && stream !== this.trying)) return;
    if (response.message === 'welcome' && stream === this.trying) {
      if (this.live) this.close(this.live);  // we have moved
      clearTimeout(stream.timer);
      this.live = stream;
      this.trying = null;
      this.welcomes += 1;
      this.failures = 0;
      this.token = response.welcome.resume_token;
      this.incarnation = response.welcome.incarnation;
      // What the server says holds, but it may not make us believe for longer than we asked.
      this.intervalMs = Math.min(this.intervalMs, ms(response.welcome.interval));
      this.timeoutMs = Math.min(this.timeoutMs, ms(response.welcome.timeout));
      this.answered(stream, stream.started, response.welcome);
      this.ping(stream);
      stream.beat = setInterval(() => this.ping(stream), this.intervalMs);
      this.onState(`LIVE ${this.incarnation}`);
    } else if (response.message === 'pong') {
      const sequence = Number(response.pong.sequence);
      const sent = stream.sent.get(sequence);
      for (const each of [...stream.sent.keys()]) if (each <= sequence) stream.sent.delete(each);
      if (sent !== undefined) this.answered(stream, sent, response.pong);
    } else if (response.message === 'ping') {
      stream.call.write({ pong: { sequence: response.ping.sequence } });
    } else if (response.message === 'drain' && stream === this.live && !this.trying) {
      this.turn += 1;  // another server first; the old stream goes on until that welcomes us
      this.dialIn(Math.random() * ms(response.drain.reconnect_within));
    }
  }

  onEnd(stream, { status, reason, wait }) {
    if (stream !== this.live && stream !== this.trying) return;
    const verdict = `${status} ${reason}`;
    this.close(stream);
    if (stream === this.live) {
      if (this.over) return this.finish('');
      if (verdict === 'CANCELLED STREAM_REPLACED' && this.trying) { this.live = null; return; }  // by our own hello
      if (NEVER.has(verdict)) return this.end(reason);
      return this.lose(reason || status);
    }
    this.trying = null;
    if (NEVER.has(verdict) && !(this.live && reason === 'BAD_HELLO')) return this.end(reason);
    if (NEVER_AT_FIRST.has(verdict) && this.welcomes === 0) return this.end(reason);
    const outnumbered = verdict === 'CANCELLED STALE_HELLO' && stream.attempt !== 0 && stream.attempt === this.attempts;
    if (WITHOUT_TOKEN.has(verdict) && stream.withToken) {
      this.token = Buffer.alloc(0);
      this.dialIn(0);
    } else if (outnumbered) {  // another process used our instance_id
      this.uncounted = true;
      this.dialIn(0);
    } else {
      this.backOff(wait);
    }
    if (!this.live) this.onState(`CONNECTING ${reason || status}`);
  }

  lose(reason) {
    this.close(this.live);
    this.live = null;
    this.onState(`LOST ${reason}`);
    if (!this.trying) this.dialIn(Math.random() * 100);
  }

  end(reason) {
    this.over = true;
    clearTimeout(this.dialTimer);
    for (const each of [this.live, this.trying]) if (each) this.close(each);
    this.live = this.trying = null;
    this.onState(`STOPPED ${reason}`);
    this.finish(reason);
  }

  // Says goodbye and waits a little for the answer.
  stop() {
    this.over = true;
    clearTimeout(this.dialTimer);
    if (this.trying) this.close(this.trying);
    if (!this.live) return this.finish('');
    clearInterval(this.live.beat);
    this.live.call.write({ goodbye: { reason: 'stopped' } });
    setTimeout(() => this.finish(''), GOODBYE_TIMEOUT_MS).unref();
  }
}

if (require.main === module) {
  const client = new Client(process.argv[2], process.argv[3].split(','));
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => client.stop());
  client.finished.then((reason) => process.exit(reason === '' ? 0 : 1));
}
module.exports = { Client };
