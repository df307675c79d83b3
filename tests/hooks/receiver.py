#!/usr/bin/env python3
"""A receiver of webhooks that does as its path says, and tells on stdout what it was sent.

    receiver.py [--port=N] [--address=A] [--cert=FILE --key=FILE]

Its first line is `port N`; then a line of JSON for each request: path, peer, headers (names in lower case), body.
Paths (the first segment counts; what follows is for the test):

    /ok              200                          /status/CODE[/RETRY-AFTER]
    /hang            never answers                /reset         resets the connection
    /close           closes without an answer     /redirect      to /ok
    /half            200, and half of its body    /endless       200, and 1 GiB of body
    /header          a header without end         /slow          a header, a byte a second
    /continue        100 Continue for ever        /error-page    500 with a long body
    /down/N          500 to the first N requests, then 200
"""
import argparse
import collections
import http.server
import json
import socket
import ssl
import struct
import sys
import threading
import time

OUT = threading.Lock()
SEEN = collections.Counter()


def tell(line):
    with OUT:
        print(line, flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with OUT:
            SEEN[self.path] += 1
        tell(json.dumps({"path": self.path, "peer": "%s:%d" % self.client_address[:2], "headers": headers,
                         "body": body.decode()}))
        what, *rest = self.path.strip("/").split("/")
        try:
            getattr(self, "do_" + what.replace("-", "_"))(*rest)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    def do_CONNECT(self):
        """As a proxy that then goes."""
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.close_connection = True

    def do_ok(self, *_):
        self.answer(200)

    def do_status(self, code, retry_after=None, *_):
        self.answer(int(code), [("Retry-After", retry_after)] if retry_after else [])

    def do_down(self, times, *_):
        self.answer(500 if SEEN[self.path] <= int(times) else 200)

    def do_hang(self, *_):
        self.connection.recv(1)  # until the other end goes
        self.close_connection = True

    def do_reset(self, *_):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def do_close(self, *_):
        self.close_connection = True

    def do_redirect(self, *_):
        self.answer(302, [("Location", "/ok")])

    def do_half(self, *_):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
        self.close_connection = True

    def do_endless(self, *_):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 30))
        self.pour(1 << 30)

    def do_header(self, *_):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self.pour(1 << 30, b"X-Filler: " + b"x" * 1000 + b"\r\n")

    def do_slow(self, *_):
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n":
            self.wfile.write(bytes([byte]))
            time.sleep(1)

    def do_continue(self, *_):
        while True:
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.1)

    def do_error_page(self, *_):
        self.answer(500, body=b"out of \x1b[31morder\nsecond line " + b"x" * 10000)

    def pour(self, count, chunk=b"x" * 65536):
        sent = 0
        while sent < count:
            sent += self.connection.send(chunk)
            with OUT:
                SEEN["bytes"] = max(SEEN["bytes"], sent)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    args = parser.parse_args()
    server = Server((args.address, args.port), Handler)
    if args.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert, args.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    tell(f"port {server.server_address[1]}")
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
