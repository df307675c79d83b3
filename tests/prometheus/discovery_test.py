#!/usr/bin/python3 -B
"""Debian's Prometheus finds clients through /sd, and its python3-consul finds them through Consul's API: Debian builds
its Prometheus without consul_sd_config.

    tests/prometheus/discovery_test.py BUILD_DIR

Needs prometheus and python3-consul. Ends what it starts, and leaves nothing behind.
"""
import contextlib
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

try:
    import consul
except ImportError:
    consul = None

PATIENCE = 60
DEAD_GRACE = 8
# An address of this process's own: no test beside it is given its ports.
HOST = f"127.{1 + os.getpid() % 250}.{os.getpid() // 250 % 250}.1"


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def eventually(condition, what):
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        with contextlib.suppress(OSError, urllib.error.URLError, json.JSONDecodeError):
            if condition():
                return
        time.sleep(0.1)
    raise AssertionError(f"not within {PATIENCE} s: {what}")


class Exporter:
    """What a client exports: one metric."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"demo_metric 1\n")

        def log_message(self, *args):
            pass

    def __init__(self):
        self.server = http.server.ThreadingHTTPServer((HOST, 0), self.Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Process:
    def __init__(self, args, log):
        self.log = open(log, "a")  # noqa: SIM115
        self.process = subprocess.Popen(args, stdout=self.log, stderr=self.log)

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(PATIENCE)
        self.log.close()


class ServerTest(unittest.TestCase):
    """A livenessd, and what is to be found there."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="liveness-prometheus-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.grpc, self.http, self.web = (f"{HOST}:{free_port()}" for _ in range(3))
        self.start_server()
        self.addCleanup(lambda: self.server.end())

    def path(self, name):
        return os.path.join(self.folder, name)

    def start_server(self):
        args = [f"--listen={self.grpc}", f"--http-listen={self.http}", "--store=memory"]
        self.server = Process([os.path.join(BIN, "livenessd"), *args], self.path("livenessd.log"))
        eventually(lambda: fetch(f"http://{self.http}/livez"), "livenessd serves")

    def beat(self, client_id, *labels):
        args = [os.path.join(BIN, "livenessctl"), f"--server={self.grpc}", "beat", f"--id={client_id}",
                "--interval=200ms", "--timeout=5s", *(f"--label={label}" for label in labels)]
        client = Process(args, self.path(f"{client_id}.log"))
        self.addCleanup(client.end, signal.SIGKILL)
        return client

    def exported(self, client_id):
        exporter = Exporter()
        client = self.beat(client_id, f"addr={HOST}", f"metrics_port={exporter.port}", "service=web", "zone=eu")
        return exporter, client


class PrometheusTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.start_prometheus()

    def start_prometheus(self):
        copy_meta = "      - {action: labelmap, regex: '__meta_(liveness_.+)'}\n"
        with open(self.path("prometheus.yml"), "w") as config:
            config.write(
                "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
                "scrape_configs:\n"
                "  - job_name: sd\n"
                "    http_sd_configs:\n"
                f"      - {{url: 'http://{self.http}/sd?dead_grace={DEAD_GRACE}s', refresh_interval: 1s}}\n"
                f"    relabel_configs:\n{copy_meta}")
        prometheus = Process(["prometheus", f"--config.file={self.path('prometheus.yml')}",
                              f"--storage.tsdb.path={self.path('data')}", f"--web.listen-address={self.web}"],
                             self.path("prometheus.log"))
        self.addCleanup(prometheus.end)
        eventually(lambda: fetch(f"http://{self.web}/api/v1/status/runtimeinfo"), "Prometheus serves")

    def query(self, expression):
        url = f"http://{self.web}/api/v1/query?query={urllib.parse.quote(expression)}"
        return [(result["metric"], float(result["value"][1])) for result in fetch(url)["data"]["result"]]

    def targets(self):
        active = fetch(f"http://{self.web}/api/v1/targets?state=active")["data"]["activeTargets"]
        return [target["labels"] for target in active if target["scrapePool"] == "sd"]

    def is_up(self, client_id, value=1):
        return [up for _, up in self.query(f'up{{liveness_client_id="{client_id}"}}')] == [value]

    def test_a_death_is_seen_as_down_and_then_removes_the_target(self):
        exporter, client = self.exported("web-1")
        self.beat("without-metrics")
        eventually(lambda: self.is_up("web-1"), "the client's exporter is scraped")
        (labels,) = self.targets()
        self.assertEqual("eu", labels["liveness_label_zone"])
        self.assertEqual("ALIVE", labels["liveness_state"])
        exporter.stop()
        client.end(signal.SIGKILL)
        eventually(lambda: self.is_up("web-1", 0) and [t["liveness_state"] for t in self.targets()] == ["DEAD"],
                   "up is 0 during the grace")
        eventually(lambda: not self.targets(), "the target goes after the grace")

    def test_who_says_goodbye_goes_at_once(self):
        exporter, client = self.exported("web-1")
        self.addCleanup(exporter.stop)
        eventually(lambda: self.is_up("web-1"), "the client's exporter is scraped")
        client.end(signal.SIGTERM)
        eventually(lambda: not self.targets(), "the target is gone")

    def test_a_server_that_goes_and_begins_with_nothing_takes_no_target_away(self):
        exporter, _ = self.exported("web-1")
        self.addCleanup(exporter.stop)
        eventually(lambda: self.is_up("web-1"), "the client's exporter is scraped")
        self.server.end(signal.SIGKILL)
        time.sleep(3)  # some refreshes that fail
        self.assertEqual(1, len(self.targets()))
        self.start_server()
        give_up = time.monotonic() + 10
        while time.monotonic() < give_up:  # over the time in which its clients come back
            self.assertEqual(1, len(self.targets()))
            time.sleep(0.2)
        self.assertTrue(self.is_up("web-1"))


class ConsulTest(ServerTest):
    def setUp(self):
        super().setUp()
        host, port = self.http.split(":")
        self.consul = consul.Consul(host=host, port=int(port))
        self.addCleanup(self.consul.http.session.close)
        eventually(self.services, "the server gives its clients no more time to come")

    def services(self):
        with contextlib.suppress(consul.ConsulException):
            return self.consul.catalog.services()
        return None

    def instances(self, **query):
        index, entries = self.consul.health.service("web", **query)
        return index, {entry["Service"]["ID"]: entry["Checks"][0]["Status"] for entry in entries}

    def test_services_their_tags_and_their_health(self):
        exporter, client = self.exported("web-1")
        self.addCleanup(exporter.stop)
        eventually(lambda: "web" in self.services()[1], "the service is listed")
        self.assertIn("zone=eu", self.services()[1]["web"])
        _, (entry,) = self.consul.health.service("web", passing=True, tag="zone=eu")
        self.assertEqual((HOST, exporter.port), (entry["Service"]["Address"], entry["Service"]["Port"]))
        _, (node,) = self.consul.catalog.service("web")
        self.assertEqual("web-1", node["ServiceID"])
        self.assertEqual(["liveness"], self.consul.catalog.datacenters())
        self.assertEqual("liveness", self.consul.agent.self()["Config"]["Datacenter"])
        client.end(signal.SIGKILL)
        eventually(lambda: self.instances()[1] == {"web-1": "critical"}, "it is critical")
        self.assertEqual({}, self.instances(passing=True)[1])

    def test_a_query_with_an_index_waits_for_a_change(self):
        exporter, client = self.exported("web-1")
        self.addCleanup(exporter.stop)
        eventually(lambda: self.instances()[1] == {"web-1": "passing"}, "it passes")
        index, _ = self.instances()
        began = time.monotonic()
        self.assertEqual((index, {"web-1": "passing"}), self.instances(index=index, wait="2s"))
        self.assertGreater(time.monotonic() - began, 1.9)
        threading.Timer(1, client.end).start()
        began = time.monotonic()
        later, found = self.instances(index=index, wait="60s")
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual({}, found)
        self.assertGreater(int(later), int(index))


if __name__ == "__main__":
    if shutil.which("prometheus") is None or consul is None:
        sys.exit("apt-get install prometheus python3-consul, then this test runs")
    BIN = os.path.join(os.path.abspath(sys.argv[1]), "bin")
    unittest.main(argv=sys.argv[:1])
