#!/usr/bin/env python3
"""A path between two namespaces that delays and loses packets as it is told to, and keeps them in order.

    forwarder.py CLIENT_NAMESPACE SERVER_NAMESPACE NUMBER SEED

It owns a TUN device at either end (10.78.NUMBER.2 at the client's, .1 at the server's) and moves IP packets
between them, so that what it loses is lost for TCP too. It prints a line when it is ready, then takes a line of
JSON at a time on stdin, and ends with it:

    {"delay_ms": 5, "loss": 0.1, "burst": 3, "pareto_ms": 20, "alpha": 1.5, "cut": ["up", "down"]}

loss       share of packets lost, either way
burst      mean number of packets lost in a row (Gilbert's model); 1: each for itself
pareto_ms  delay on top: Pareto, at least this long with the shape `alpha`, less this; packets stay in order
cut        nothing gets through in these directions (up: to the server)

Each connection has a random generator of its own in each direction, and takes as many draws from it for each
packet: the n-th packet of the k-th connection has the same fate in every run of a seed.
"""
import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
# As much as a router's buffer holds; beyond it packets are lost.
MOST_WAITING = 2000
# No path is slower than this, or TCP would give it up for other reasons than loss.
LONGEST_DELAY = 5.0


def enter(namespace):
    with open(f"/run/netns/{namespace}") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")


def make_tun(namespace, name, address, peer):
    enter(namespace)
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    for words in (("address", "add", address, "peer", peer, "dev", name), ("link", "set", name, "up")):
        subprocess.run(("ip", *words), check=True)
    return fd


class Flow:
    """The packets of one connection in one direction: they stay in order, and share their luck."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.in_burst = False
        self.last_release = 0.0

    def lost(self, settings):
        draw = self.random.random()
        loss, burst = settings.get("loss", 0.0), max(1.0, settings.get("burst", 1.0))
        if burst == 1.0 or loss in (0.0, 1.0):
            return draw < loss
        leave = 1.0 / burst
        enter_bad = leave * loss / (1.0 - loss)
        self.in_burst = draw >= leave if self.in_burst else draw < enter_bad
        return self.in_burst

    def release(self, settings, now):
        draw = self.random.paretovariate(settings.get("alpha", 1.5)) - 1.0
        extra = settings.get("pareto_ms", 0.0) * draw
        delay = min(LONGEST_DELAY, (settings.get("delay_ms", 0.0) + extra) / 1000.0)
        self.last_release = max(self.last_release, now + delay)
        return self.last_release


class Direction:
    def __init__(self, name, source, sink, seed):
        self.name, self.source, self.sink, self.seed = name, source, sink, seed
        self.flows = {}
        self.waiting = []  # a heap of (when, number, packet)
        self.taken = 0

    def flow(self, packet):
        # Protocol, both addresses and both ports of an IPv4 header without options.
        key = packet[9:10] + packet[12:24]
        if key not in self.flows:
            self.flows[key] = Flow(f"{self.seed}/{self.name}/{len(self.flows)}")
        return self.flows[key]

    def take(self, settings, now):
        while True:
            try:
                packet = os.read(self.source, 65536)
            except BlockingIOError:
                return
            flow = self.flow(packet)
            lost, when = flow.lost(settings), flow.release(settings, now)
            if lost or self.name in settings.get("cut", ()) or len(self.waiting) >= MOST_WAITING:
                continue
            self.taken += 1
            heapq.heappush(self.waiting, (when, self.taken, packet))

    def send(self, now):
        while self.waiting and self.waiting[0][0] <= now:
            try:
                os.write(self.sink, heapq.heappop(self.waiting)[2])
            except OSError:
                pass  # the device has no room: lost, as anywhere


def main():
    client, server, number, seed = sys.argv[1:5]
    near, far = f"10.78.{number}.2", f"10.78.{number}.1"
    client_tun = make_tun(client, "path", near, far)
    server_tun = make_tun(server, f"path{number}", far, near)
    directions = (Direction("up", client_tun, server_tun, seed), Direction("down", server_tun, client_tun, seed))
    settings, pending = {}, b""
    print("ready", flush=True)
    os.set_blocking(0, False)
    while True:
        due = min((d.waiting[0][0] for d in directions if d.waiting), default=None)
        patience = 1.0 if due is None else max(0.0, due - time.monotonic())
        readable = select.select((0, client_tun, server_tun), (), (), patience)[0]
        now = time.monotonic()
        if 0 in readable:
            data = os.read(0, 65536)
            if not data:
                return
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                settings = json.loads(line)
                print("set", flush=True)
        for direction in directions:
            if direction.source in readable:
                direction.take(settings, now)
            direction.send(now)


if __name__ == "__main__":
    main()
