"""Servers, their clients, and a Prometheus that scrapes them: real processes, which end with the world."""
import json
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
# For what takes a second on a machine that is at rest.
PATIENCE_S = 90
ANY_CERTIFICATE = ssl._create_unverified_context()


def say(text):
    print(f"prometheus: {text}", flush=True)


def until(what, holds):
    """Waits; `holds` may fail meanwhile."""
    end, why = time.monotonic() + PATIENCE_S, ""
    while time.monotonic() < end:
        try:
            if holds():
                return
        except OSError as error:
            why = f" ({error})"
        time.sleep(0.2)
    sys.exit(f"FAILED: it did not come to pass that {what}{why}")


def fetch(url):
    with urllib.request.urlopen(url, timeout=10, context=ANY_CERTIFICATE) as answer:
        return answer.read().decode()


class World:
    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.processes, self.clients = [], {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, program, *args, **more):
        path = self.build / "bin" / program
        log = (self.folder / f"{len(self.processes)}-{program}.log").open("w")
        command = [str(path) if path.exists() else program, *args]
        self.processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **more))
        self.processes[-1].log = pathlib.Path(log.name)
        return self.processes[-1]

    def certificate(self):
        """Of a server, for a month. Returns the server's flags."""
        cert, key = self.folder / "cert.pem", self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj",
                        "/CN=localhost", "-keyout", key, "-out", cert], check=True, capture_output=True)
        return f"--tls-cert={cert}", f"--tls-key={key}"

    def server(self, *flags):
        flags = (f"--data-dir={self.folder / f'data-{len(self.processes)}'}", *flags)
        process = self.start("livenessd", "--listen=127.0.0.1:0", "--http-listen=127.0.0.1:0", *flags)
        return Server(process, flags)

    def restart(self, server):
        """As an operator does: where it was, with what it knew."""
        server.process.terminate()
        assert server.process.wait(timeout=PATIENCE_S) == 0, server.process.log.read_text()
        server.run(self.start("livenessd", f"--listen={server.grpc}", f"--http-listen={server.http}", *server.flags))

    def beat(self, server, name):
        self.clients[name] = self.start("livenessctl", f"--server={server.grpc}", "beat", f"--id={name}",
                                        "--interval=500ms", "--timeout=2s", f"--label=zone={name[0]}")

    def ctl(self, server, *words):
        command = [str(self.build / "bin/livenessctl"), f"--server={server.grpc}", "--timeout=30s", *words]
        done = subprocess.run(command, text=True, capture_output=True, timeout=60)
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"


class Server:
    def __init__(self, process, flags):
        self.flags = flags
        self.tls = any(flag.startswith("--tls-cert") for flag in flags)
        self.run(process)

    def run(self, process):
        self.process = process
        until("a server listens", lambda: self.find("http on"))
        self.grpc, self.http = self.find("listening on"), self.find("http on")

    def find(self, words):
        assert self.process.poll() is None, self.process.log.read_text()
        found = re.search(rf"^{words} (\S+)$", self.process.log.read_text(), re.M)
        return found and found.group(1)

    def scrape(self):
        return fetch(f"{'https' if self.tls else 'http'}://{self.http}/metrics")

    def metric(self, series):
        found = re.search(rf"^{re.escape(series)} (\S+)$", self.scrape(), re.M)
        return float(found.group(1)) if found else 0


class Prometheus:
    """Scrapes and evaluates each second; its data goes with the world's folder."""

    def __init__(self, world, servers, rules):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        targets = [{"targets": [server.http], "labels": {"__scheme__": "https" if server.tls else "http"}}
                   for server in servers]
        config = world.folder / "prometheus.json"  # YAML is a superset of JSON
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)],
            "scrape_configs": [{"job_name": "livenessd", "static_configs": targets,
                                "tls_config": {"insecure_skip_verify": True}}]}))
        world.start("prometheus", f"--config.file={config}", f"--storage.tsdb.path={world.folder / 'tsdb'}",
                    f"--web.listen-address={self.address}", "--log.level=warn")
        until("Prometheus is ready", lambda: fetch(f"http://{self.address}/-/ready"))

    def get(self, what, **parameters):
        url = f"http://{self.address}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        try:
            return json.loads(fetch(url))["data"]
        except urllib.error.HTTPError as error:
            sys.exit(f"FAILED: {parameters or what}: {error.read().decode()}")

    def query(self, query):
        return self.get("query", query=query)["result"]

    def range(self, query):
        now = time.time()
        return self.get("query_range", query=query, start=now - 30, end=now, step=1)["result"]

    def firing(self):
        return {each["metric"]["alertname"] for each in self.query('ALERTS{alertstate="firing"}')}

    def wait_for_evaluation(self):
        """Until all rules have seen what is scraped now."""
        begin = time.time() + 1
        until("the rules are evaluated", lambda: all(
            group["lastEvaluation"][:19] > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(begin))
            for group in self.get("rules")["groups"] if group["name"] != "liveness_usual"))
