#!/usr/bin/env python3
"""A liveness client in Python, whole: it beats, answers, moves, comes back and says goodbye as docs/client.md has it.

usage: python_client.py CLIENT_ID HOST:PORT[,HOST:PORT...]

Needs grpcio and what protoc makes of proto/liveness/v1/*.proto and proto/liveness/details/v1/*.proto.
"""
import queue
import random
import signal
import sys
import threading
import time
import uuid

import grpc
from liveness.details.v1 import error_details_pb2 as details
from liveness.v1 import heartbeat_service_pb2 as pb
from liveness.v1 import heartbeat_service_pb2_grpc as pb_grpc

CHANNEL = [("grpc.keepalive_time_ms", 6000), ("grpc.keepalive_timeout_ms", 3000),
           ("grpc.http2.max_pings_without_data", 0), ("grpc.enable_retries", 0),
           ("grpc.use_local_subchannel_pool", 1)]
WELCOME_TIMEOUT = 5.0
GOODBYE_TIMEOUT = 0.5
LONGEST_PAUSE = 2.0
# The table of docs/client.md. All that is not in it: come back with the token, backed off.
NEVER = {("ABORTED", "SUPERSEDED"), ("ABORTED", "EVICTED"), ("INVALID_ARGUMENT", "BAD_HELLO")}
NEVER_AT_FIRST = {("FAILED_PRECONDITION", "QUALITY_UNREACHABLE"), ("PERMISSION_DENIED", "PRINCIPAL_MISMATCH")}
WITHOUT_TOKEN = {("PERMISSION_DENIED", "RESUME_TOKEN_OTHER_CLIENT"), ("PERMISSION_DENIED", "RESUME_TOKEN_FORGED")}
STALE = ("CANCELLED", "STALE_HELLO")


def now():
    """Runs on while the machine sleeps: what alive_until is measured on."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def why(error):
    """(status, our reason or "", seconds to wait or 0) of a call's end."""
    reason, wait = "", 0.0
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        status, info, retry = details.Status(), details.ErrorInfo(), details.RetryInfo()
        try:
            status.ParseFromString(value)
            for each in status.details:  # under the public names, so Any.Unpack would not take them
                if each.type_url.endswith("/google.rpc.ErrorInfo"):
                    info.ParseFromString(each.value)
                    reason = info.reason if info.domain == "liveness" else reason
                elif each.type_url.endswith("/google.rpc.RetryInfo"):
                    retry.ParseFromString(each.value)
                    wait = retry.retry_delay.ToTimedelta().total_seconds()
        except Exception:  # somebody else's bytes
            pass
    return error.code().name, reason, wait


class Stream:
    """One call on a connection of its own. What comes is put on `events` as (stream, response or end)."""

    def __init__(self, server, hello, events):
        self.server, self.attempt, self.with_token = server, hello.attempt, bool(hello.resume_token)
        self.started = now()
        self.sequence, self.sent, self.next_ping = 0, {}, 0.0
        self.alive_until = self.give_up = 0.0
        self.requests = queue.Queue()
        self.requests.put(pb.HeartbeatRequest(hello=hello))
        self.channel = grpc.insecure_channel(server, CHANNEL)
        self.call = pb_grpc.HeartbeatServiceStub(self.channel).Heartbeat(iter(self.requests.get, None))
        threading.Thread(target=self.read, args=(events,), daemon=True).start()

    def read(self, events):
        try:
            for response in self.call:
                events.put((self, response))
            events.put((self, ("OK", "", 0.0)))
        except grpc.RpcError as error:
            events.put((self, why(error)))

    def ping(self, interval):
        self.sequence += 1
        self.sent[self.sequence] = now()
        self.next_ping = now() + interval
        ping = pb.Ping(sequence=self.sequence)
        ping.send_time.GetCurrentTime()
        self.requests.put(pb.HeartbeatRequest(ping=ping))

    def answered(self, sent, message, timeout):
        """What was sent then is answered: the server says for how long it vouches, and that is believed up to `timeout`."""
        believed = timeout
        if message.HasField("vouched_for"):
            believed = min(believed, message.vouched_for.ToNanoseconds() / 1e9)
        self.alive_until = max(self.alive_until, sent + believed)
        self.give_up = max(self.give_up, sent + timeout)

    def close(self):
        self.requests.put(None)
        self.call.cancel()
        self.channel.close()


class Client:
    def __init__(self, client_id, servers, interval=1.0, timeout=3.0, labels=None, on_state=print):
        self.client_id, self.servers, self.labels, self.on_state = client_id, servers, labels or {}, on_state
        self.interval, self.timeout = interval, timeout
        self.instance_id = uuid.uuid4().hex  # new at each start of the process
        self.attempts, self.uncounted, self.token = 0, False, b""
        self.incarnation, self.welcomes, self.failures, self.turn = 0, 0, 0, 0
        self.live = self.trying = None
        self.dial_at = now()
        self.events = queue.Queue()
        self.stopping = threading.Event()

    def alive(self):
        live = self.live
        return live is not None and now() < live.alive_until

    def stop(self):
        self.stopping.set()
        self.events.put((None, None))

    def dial(self):
        self.attempts += 1
        hello = pb.Hello(client_id=self.client_id, instance_id=self.instance_id, labels=self.labels,
                         resume_token=self.token, attempt=0 if self.uncounted else self.attempts)
        self.uncounted = False
        hello.interval.FromNanoseconds(int(self.interval * 1e9))
        hello.timeout.FromNanoseconds(int(self.timeout * 1e9))
        self.trying = Stream(self.servers[self.turn % len(self.servers)], hello, self.events)
        self.dial_at = None

    def back_off(self, at_least=0.0):
        """The next server; a pause only between two rounds over all of them."""
        self.turn += 1
        self.failures += 1
        rounds = self.failures // len(self.servers)
        pause = 0.0
        if self.failures % len(self.servers) == 0 or at_least:
            pause = min(LONGEST_PAUSE, 0.1 * 2 ** min(rounds - 1, 8)) * random.uniform(0.5, 1.0)
        self.dial_at = now() + max(pause, min(at_least, 60.0))

    def run(self):
        """Returns the reason for which it ended for good, or "" after stop()."""
        while not self.stopping.is_set():
            if self.trying is None and self.dial_at is not None and now() >= self.dial_at:
                self.dial()
            if self.live and now() >= self.live.next_ping:
                self.live.ping(self.interval)
            if self.live and now() >= self.live.give_up:
                self.lose("SERVER_SILENT")
            if self.trying and now() >= self.trying.started + WELCOME_TIMEOUT:
                self.trying.close()
                self.trying = None
                self.back_off()
            moments = [self.dial_at if self.trying is None else None, self.live and self.live.next_ping,
                       self.live and self.live.give_up, self.trying and self.trying.started + WELCOME_TIMEOUT]
            due = min((each for each in moments if each is not None), default=now() + 1.0)
            try:
                stream, event = self.events.get(timeout=max(0.0, min(due - now(), 1.0)))
            except queue.Empty:
                continue
            if stream is None or stream not in (self.live, self.trying):
                continue
            final = self.on_end(stream, event) if isinstance(event, tuple) else self.on_response(stream, event)
            if final:
                self.on_state("STOPPED " + final)
                return final
        self.say_goodbye()
        return ""

    def on_response(self, stream, response):
        kind = response.WhichOneof("message")  # None: something newer than this
        if kind == "welcome" and stream is self.trying:
            if self.live:
                self.live.close()  # we have moved
            self.live, self.trying, self.dial_at = stream, None, None
            self.welcomes, self.failures = self.welcomes + 1, 0
            self.token, self.incarnation = response.welcome.resume_token, response.welcome.incarnation
            # What the server says holds, but it may not make us believe for longer than we asked.
            self.interval = min(self.interval, response.welcome.interval.ToNanoseconds() / 1e9)
            self.timeout = min(self.timeout, response.welcome.timeout.ToNanoseconds() / 1e9)
            stream.answered(stream.started, response.welcome, self.timeout)
            stream.next_ping = now()
            self.on_state(f"LIVE {self.incarnation}")
        elif kind == "pong":
            sent = stream.sent.get(response.pong.sequence)
            if sent is not None:
                stream.answered(sent, response.pong, self.timeout)
                stream.sent = {k: v for k, v in stream.sent.items() if k > response.pong.sequence}
        elif kind == "ping":
            stream.requests.put(pb.HeartbeatRequest(pong=pb.Pong(sequence=response.ping.sequence)))
        elif kind == "drain" and stream is self.live and self.trying is None:
            self.turn += 1  # another server first; the old stream goes on until that welcomes us
            self.dial_at = now() + random.uniform(0, response.drain.reconnect_within.ToNanoseconds() / 1e9)
        return ""

    def on_end(self, stream, end):
        status, reason, wait = end
        verdict = (status, reason)
        stream.close()
        if stream is self.live:
            if verdict == ("CANCELLED", "STREAM_REPLACED") and self.trying:
                self.live = None  # by our own hello elsewhere
                return ""
            if verdict in NEVER:
                return reason
            self.lose(reason or status)
            return ""
        self.trying = None
        known = self.welcomes > 0
        if verdict in NEVER and not (self.live and reason == "BAD_HELLO"):
            return reason
        if verdict in NEVER_AT_FIRST and not known:
            return reason
        outnumbered = verdict == STALE and stream.attempt != 0 and stream.attempt == self.attempts
        if verdict in WITHOUT_TOKEN and stream.with_token:
            self.token = b""
            self.dial_at = now()
        elif outnumbered:  # another process used our instance_id
            self.uncounted = True
            self.dial_at = now()
        else:
            self.back_off(wait)
        if not self.live:
            self.on_state(f"CONNECTING {reason or status}")
        return ""

    def lose(self, reason):
        self.live.close()
        self.live = None
        self.on_state("LOST " + reason)
        if self.trying is None:
            self.dial_at = now() + random.uniform(0, 0.1)

    def say_goodbye(self):
        if not self.live:
            return
        self.live.requests.put(pb.HeartbeatRequest(goodbye=pb.Goodbye(reason="stopped")))
        until = now() + GOODBYE_TIMEOUT
        while now() < until:
            try:
                stream, event = self.events.get(timeout=max(0.0, until - now()))
            except queue.Empty:
                break
            if stream is self.live and isinstance(event, tuple):
                break
        self.live.close()


def main():
    client = Client(sys.argv[1], sys.argv[2].split(","), on_state=lambda text: print(text, flush=True))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: client.stop())
    sys.exit(1 if client.run() else 0)


if __name__ == "__main__":
    main()
