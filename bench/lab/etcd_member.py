"""A real etcd for the figures of a cluster."""
import json
import re
import socket
import subprocess
import time
import urllib.request


class Etcd:
    """A member of etcd's on 127.0.0.1, its data in `directory`; ended, and only it, at the end."""

    def __init__(self, directory):
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            two.bind(("127.0.0.1", 0))
            client, peer = one.getsockname()[1], two.getsockname()[1]
        self.address = f"127.0.0.1:{client}"
        peers = f"http://127.0.0.1:{peer}"
        self.popen = subprocess.Popen(
            ["etcd", "--name=bench", f"--data-dir={directory}/etcd", f"--listen-client-urls=http://{self.address}",
             f"--advertise-client-urls=http://{self.address}", f"--listen-peer-urls={peers}",
             f"--initial-advertise-peer-urls={peers}", f"--initial-cluster=bench={peers}", "--logger=zap",
             "--log-level=error"])

    def __enter__(self):
        """It answers: a server that found nobody would not start."""
        for _ in range(300):
            try:
                self.revision()
                return self
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        raise SystemExit("bench: etcd does not answer")

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()

    def _metrics(self):
        with urllib.request.urlopen(f"http://{self.address}/metrics") as response:
            return response.read().decode()

    def writes(self):
        return float(re.search(r"^etcd_server_proposals_committed_total (\S+)", self._metrics(),
                               re.MULTILINE).group(1))

    def revision(self):
        """The store's own: it grows with every write, and with nothing else."""
        request = urllib.request.Request(f"http://{self.address}/v3/kv/range", json.dumps({"key": "AA=="}).encode())
        with urllib.request.urlopen(request) as response:
            return int(json.load(response)["header"]["revision"])

    def size(self):
        return float(re.search(r"^etcd_mvcc_db_total_size_in_bytes (\S+)", self._metrics(), re.MULTILINE).group(1))

    def syncs(self):
        """How many of the log's syncs took no longer than each bound, in seconds."""
        return [(float(bound), int(count)) for bound, count in re.findall(
            r'^etcd_disk_wal_fsync_duration_seconds_bucket\{le="(.*)"\} (\d+)', self._metrics(), re.MULTILINE)]

    def slow_sync_ms(self, before):
        """The bound that 99 of 100 syncs kept since `before`, which syncs() gave."""
        counts = [(bound, after - count) for (bound, after), (_, count) in zip(self.syncs(), before)]
        return 1e3 * next(bound for bound, count in counts if count >= 0.99 * counts[-1][1])
