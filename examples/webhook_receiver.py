#!/usr/bin/env python3
"""Receives a hook's events, verifies who sent them, and prints a line for each. Needs nothing but Python.

usage: webhook_receiver.py [--listen=HOST:PORT] [--secret-file=FILE]

Copy `verify` and the three rules of `Receiver.do_POST` into a receiver of your own: verify before you parse, know an event by
its id (it may come twice), and answer 2xx only once it is in safe hands.
"""
import argparse
import base64
import collections
import hashlib
import hmac
import http.server
import json
import sys
import time

TOLERANCE_S = 300
MOST_BYTES = 1024 * 1024
REMEMBERED = 10_000


def read_secrets(path):
    """The keys of a file, one whsec_ key a line."""
    with open(path, encoding="ascii") as file:
        lines = (line.strip() for line in file)
        return [base64.b64decode(line.removeprefix("whsec_")) for line in lines if line and not line.startswith("#")]


def verify(secrets, headers, body, now):
    """Raises ValueError if no secret signed this body, or if it was signed long ago: somebody plays it again."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(now - int(timestamp)) > TOLERANCE_S:
        raise ValueError("its time is not ours")
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = [b"v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)) for secret in secrets]
    given = headers.get("webhook-signature", "").encode().split()
    if not any(hmac.compare_digest(a, b) for a in expected for b in given):
        raise ValueError("no secret of ours signed it")


def in_words(event):
    """One line for people."""
    data, kind = event["data"], event["type"]
    if kind == "liveness.v1.Transition":
        name, before, after = data["client_id"], data["from_state"], data["to_state"]
        states = [state.removeprefix("STATE_") for state in (before, after) if state != "STATE_UNSPECIFIED"]
        health, cause = data["to_health"].removeprefix("HEALTH_"), data["cause"].removeprefix("CAUSE_")
        words = f"{name} {' -> '.join(states)}"
        words += "" if health == "OK" else f" {health}"
        return words + ("" if cause == "UNSPECIFIED" else f" {cause}")
    if kind == "liveness.v1.GroupEvent":
        return f"{data['scope']}: {data['affected_count']} of {data['member_count']} fell"
    if kind == "liveness.v1.Gap":
        return f"not told: revisions {data['after_revision']} to {data['resumes_at_revision']}; ask for the clients"
    return kind  # a later version's


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        if length > MOST_BYTES:
            return self.answer(413)
        body = self.rfile.read(length)
        if self.server.secrets:
            try:
                verify(self.server.secrets, self.headers, body, time.time())
            except ValueError as error:
                print(f"refused: {error}", flush=True)
                return self.answer(401)
        event = json.loads(body)
        if event["id"] not in self.server.seen:
            print(in_words(event), flush=True)  # yours: write it down, page somebody
            self.server.seen[event["id"]] = True
            if len(self.server.seen) > REMEMBERED:
                self.server.seen.popitem(last=False)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.close_connection = status == 413

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", default="127.0.0.1:9000")
    parser.add_argument("--secret-file")
    args = parser.parse_args()
    host, port = args.listen.rsplit(":", 1)
    server = http.server.ThreadingHTTPServer((host, int(port)), Receiver)
    server.secrets = read_secrets(args.secret_file) if args.secret_file else []
    server.seen = collections.OrderedDict()  # of a real receiver: in its database
    print(f"listening on {host}:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    sys.exit(main())
