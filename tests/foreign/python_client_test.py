"""Debian's grpcio beats, lists and watches through nothing but the .proto files.

usage: python_client_test.py LIVENESSD      (run by tests/foreign/run)
       python_client_test.py beat ADDRESS ID   beats until it is killed
"""
import queue
import subprocess
import sys
import threading
import time
import unittest

import grpc
from google_rpc import error_details_pb2
from health.v1 import health_pb2, health_pb2_grpc
from liveness.v1 import (admin_service_pb2, admin_service_pb2_grpc, client_pb2, heartbeat_service_pb2,
                         heartbeat_service_pb2_grpc, registry_service_pb2, registry_service_pb2_grpc)
from reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

PATIENCE = 30


class Beater:
    """One Heartbeat call: hello, then a ping an interval; answers the server's pings."""

    def __init__(self, address, client_id, labels=None, interval=0.2, timeout=3.0, instance_id=None):
        self.channel = grpc.insecure_channel(address)
        self.requests = queue.Queue()
        self.responses = queue.Queue()
        self.interval = interval
        self.stopped = threading.Event()
        hello = heartbeat_service_pb2.Hello(client_id=client_id, instance_id=instance_id or f"i-{time.time_ns()}",
                                            labels=labels or {}, pid=1234)
        hello.interval.FromNanoseconds(int(interval * 1e9))
        hello.timeout.FromNanoseconds(int(timeout * 1e9))
        self.requests.put(heartbeat_service_pb2.HeartbeatRequest(hello=hello))
        stub = heartbeat_service_pb2_grpc.HeartbeatServiceStub(self.channel)
        self.call = stub.Heartbeat(iter(self.requests.get, None))
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            for response in self.call:
                if response.HasField("ping"):
                    pong = heartbeat_service_pb2.Pong(sequence=response.ping.sequence)
                    self.requests.put(heartbeat_service_pb2.HeartbeatRequest(pong=pong))
                else:
                    self.responses.put(response)
        except grpc.RpcError:
            pass
        self.responses.put(None)

    def start(self):
        welcome = self.responses.get(timeout=PATIENCE).welcome
        threading.Thread(target=self.beat, daemon=True).start()
        return welcome

    def beat(self):
        sequence = 0
        while not self.stopped.wait(self.interval if sequence else 0):
            sequence += 1
            ping = heartbeat_service_pb2.Ping(sequence=sequence)
            ping.send_time.GetCurrentTime()
            self.requests.put(heartbeat_service_pb2.HeartbeatRequest(ping=ping))

    def goodbye(self):
        self.stopped.set()
        self.requests.put(heartbeat_service_pb2.HeartbeatRequest(goodbye=heartbeat_service_pb2.Goodbye(reason="done")))
        self.requests.put(None)
        return self.call.code()


def error_info(error):
    """The google.rpc.ErrorInfo and BadRequest of an error, as any client decodes them."""
    trailers = dict(error.trailing_metadata())
    status = error_details_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    return info, bad


class PythonClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = subprocess.Popen([SERVER, "--listen=127.0.0.1:0"], stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL, text=True)
        line = cls.server.stdout.readline()
        assert line.startswith("listening on "), line
        cls.address = line.split()[-1]
        cls.channel = grpc.insecure_channel(cls.address)
        cls.registry = registry_service_pb2_grpc.RegistryServiceStub(cls.channel)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.server.terminate()
        assert cls.server.wait(PATIENCE) == 0, "livenessd did not stop cleanly"
        cls.server.stdout.close()

    def watch(self, filter_text):
        """Yields (state, cause) of the snapshot and of each transition."""
        request = registry_service_pb2.WatchClientsRequest(filter=filter_text)
        for response in self.registry.WatchClients(request, timeout=PATIENCE):
            for client in response.clients:
                yield client_pb2.State.Name(client.state), client_pb2.Cause.Name(client.cause)
            for transition in response.transitions:
                yield client_pb2.State.Name(transition.to_state), client_pb2.Cause.Name(transition.cause)

    def get(self, client_id):
        return self.registry.GetClient(registry_service_pb2.GetClientRequest(name="clients/" + client_id))

    def test_beats_and_is_answered(self):
        beater = Beater(self.address, "py-beat", labels={"zone": "eu-1"})
        welcome = beater.start()
        self.assertGreater(welcome.incarnation, 0)
        self.assertTrue(welcome.resume_token)
        for sequence in (1, 2, 3):
            pong = beater.responses.get(timeout=PATIENCE).pong
            self.assertEqual(pong.sequence, sequence)
            self.assertTrue(pong.HasField("receive_time"))
        client = self.get("py-beat")
        self.assertEqual(client.state, client_pb2.STATE_ALIVE)
        self.assertEqual(client.incarnation, welcome.incarnation)
        self.assertEqual(dict(client.labels), {"zone": "eu-1"})
        self.assertEqual(beater.goodbye(), grpc.StatusCode.OK)
        self.assertEqual(self.get("py-beat").state, client_pb2.STATE_LEFT)

    def test_lists_with_a_filter_in_pages(self):
        beaters = [Beater(self.address, f"py-list-{i}", labels={"odd": str(i % 2)}) for i in range(6)]
        for beater in beaters:
            beater.start()
        request = registry_service_pb2.ListClientsRequest(
            page_size=2, filter='client_id = "py-list-*" AND labels.odd = 1 AND state = ALIVE')
        ids = []
        while True:
            page = self.registry.ListClients(request)
            self.assertLessEqual(len(page.clients), 2)
            ids += [client.client_id for client in page.clients]
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        self.assertEqual(ids, ["py-list-1", "py-list-3", "py-list-5"])
        stats = self.registry.GetStats(registry_service_pb2.GetStatsRequest(
            filter='client_id = "py-list-*"', group_by_label="odd"))
        self.assertEqual([(g.value, g.counts.alive) for g in stats.groups], [("0", 3), ("1", 3)])
        for beater in beaters:
            self.assertEqual(beater.goodbye(), grpc.StatusCode.OK)

    def test_watch_tells_why_a_killed_process_is_gone(self):
        events = self.watch('client_id = "py-killed"')
        process = subprocess.Popen([sys.executable, __file__, "beat", self.address, "py-killed"])
        try:
            self.assertEqual(next(events), ("STATE_ALIVE", "CAUSE_UNSPECIFIED"))
            process.kill()
            self.assertEqual(next(events), ("STATE_SUSPECT", "CAUSE_PROCESS_EXITED"))
            self.assertEqual(next(events), ("STATE_DEAD", "CAUSE_PROCESS_EXITED"))
        finally:
            process.kill()
            process.wait()
        history = self.registry.ListTransitions(registry_service_pb2.ListTransitionsRequest(
            filter='client_id = "py-killed"', order_by="revision desc"))
        self.assertEqual([t.to_state for t in history.transitions],
                         [client_pb2.STATE_DEAD, client_pb2.STATE_SUSPECT, client_pb2.STATE_ALIVE])

    def test_watch_tells_of_a_goodbye(self):
        events = self.watch('client_id = "py-leaver"')
        beater = Beater(self.address, "py-leaver")
        beater.start()
        self.assertEqual(next(events)[0], "STATE_ALIVE")
        self.assertEqual(beater.goodbye(), grpc.StatusCode.OK)
        self.assertEqual(next(events), ("STATE_LEFT", "CAUSE_SAID_GOODBYE"))

    def test_errors_carry_their_reason(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.get("nobody")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)
        info, _ = error_info(caught.exception)
        self.assertEqual((info.reason, info.domain), ("CLIENT_NOT_FOUND", "liveness"))
        with self.assertRaises(grpc.RpcError) as caught:
            self.registry.ListClients(registry_service_pb2.ListClientsRequest(filter="state = = ALIVE"))
        info, bad = error_info(caught.exception)
        self.assertEqual(info.reason, "BAD_FILTER")
        self.assertEqual(bad.field_violations[0].field, "filter")
        self.assertIn("column", bad.field_violations[0].description)

    def test_eviction_is_final(self):
        beater = Beater(self.address, "py-evicted", instance_id="the-one")
        beater.start()
        admin = admin_service_pb2_grpc.AdminServiceStub(self.channel)
        client = admin.EvictClient(admin_service_pb2.EvictClientRequest(name="clients/py-evicted", reason="test"))
        self.assertEqual(client.state, client_pb2.STATE_DEAD)
        for call in (beater.call, Beater(self.address, "py-evicted", instance_id="the-one").call):
            self.assertEqual(call.code(), grpc.StatusCode.ABORTED)
            self.assertEqual(error_info(call)[0].reason, "EVICTED")

    def test_health_of_server_and_client(self):
        health = health_pb2_grpc.HealthStub(self.channel)
        response = health.Check(health_pb2.HealthCheckRequest())
        self.assertEqual(response.status, health_pb2.HealthCheckResponse.SERVING)
        watch = health.Watch(health_pb2.HealthCheckRequest(service="client/py-health"), timeout=PATIENCE)
        self.assertEqual(next(watch).status, health_pb2.HealthCheckResponse.SERVICE_UNKNOWN)
        beater = Beater(self.address, "py-health")
        beater.start()
        self.assertEqual(next(watch).status, health_pb2.HealthCheckResponse.SERVING)
        beater.goodbye()
        self.assertEqual(next(watch).status, health_pb2.HealthCheckResponse.NOT_SERVING)

    def test_reflection_lists_and_describes(self):
        stub = reflection_pb2_grpc.ServerReflectionStub(self.channel)
        request = reflection_pb2.ServerReflectionRequest
        responses = stub.ServerReflectionInfo(iter([
            request(list_services=""),
            request(file_containing_symbol="liveness.v1.RegistryService.WatchClients"),
            request(file_containing_symbol="no.such.Thing"),
        ]), timeout=PATIENCE)
        services = {service.name for service in next(responses).list_services_response.service}
        self.assertLessEqual({"liveness.v1.HeartbeatService", "liveness.v1.RegistryService",
                              "liveness.v1.AdminService", "grpc.health.v1.Health"}, services)
        files = next(responses).file_descriptor_response.file_descriptor_proto
        self.assertTrue(any(b"WatchClientsRequest" in file for file in files))
        self.assertEqual(next(responses).error_response.error_code, grpc.StatusCode.NOT_FOUND.value[0])


if __name__ == "__main__":
    if sys.argv[1] == "beat":
        Beater(sys.argv[2], sys.argv[3]).start()
        threading.Event().wait()
    SERVER = sys.argv.pop(1)
    unittest.main(verbosity=2)
