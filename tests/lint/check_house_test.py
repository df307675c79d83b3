#!/usr/bin/env python3
"""Shows that check_house.py finds each kind of fault, and nothing in code that is right."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_house  # noqa: E402


class CheckIncludes(unittest.TestCase):
    def faults(self, path, text):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / path
            file.parent.mkdir(parents=True)
            file.write_text(text)
            return [(line, message) for _, line, message in check_house.faults(pathlib.Path(folder))]

    def assert_bad(self, path, text, line, word):
        found = self.faults(path, text)
        self.assertEqual([line], [at for at, _ in found], f"{path}: {text!r}: {found}")
        self.assertIn(word, found[0][1])

    def assert_good(self, path, text):
        self.assertEqual([], self.faults(path, text))

    def test_arrows_that_point_up_or_across(self):
        for path, header in [
            ("common/a.h", "server/core/record/record.h"),
            ("server/core/a.h", "server/registry/registry.h"),
            ("server/registry/a.cc", "server/rpc/engine/engine.h"),
            ("server/rpc/engine/a.h", "server/registry/records/session.h"),
            ("server/rpc/engine/a.cc", "server/storage/store.h"),
            ("server/rpc/query/a.cc", "server/rpc/heartbeat/ping.h"),
            ("server/rpc/heartbeat/a.cc", "server/rpc/canary/canary.h"),
            ("server/rpc/operate/a.cc", "server/registry/life/lifecycle.h"),
            ("server/rpc/query/a.cc", "server/registry/ledger/ledger.h"),
            ("server/rpc/query/a.cc", "server/registry/parts.h"),
            ("server/registry/conditions/a.h", "server/registry/ledger/ledger.h"),
            ("server/registry/ledger/a.h", "server/registry/life/lifecycle.h"),
            ("server/registry/records/a.h", "server/registry/registry.h"),
            ("server/registry/records/a.h", "server/registry/life/lifecycle.h"),
            ("server/registry/life/a.h", "server/registry/watch/watch.h"),
            ("server/http/a.cc", "server/rpc/operate/admin_service.h"),
            ("server/storage/a.cc", "server/registry/registry.h"),
            ("server/rpc/query/a.cc", "server/app/config/config.h"),
            ("server/rpc/query/a.cc", "client/src/session.h"),
            ("server/registry/a.cc", "common/grpc/socket_mutator.h"),
            ("client/src/a.cc", "server/core/record/record.h"),
            ("client/cli/a.cc", "server/app/config/config.h"),
            ("client/cli/a.cc", "client/src/session.h"),
            ("client/include/liveness/a.h", "common/clock.h"),
            ("examples/a.cc", "common/clock.h"),
        ]:
            self.assert_bad(path, f'#pragma once\n#include "{header}"\n', 2, "must not include")

    def test_the_core_is_pure(self):
        for header in ["grpcpp/grpcpp.h", "google/protobuf/message.h", "liveness/v1/client.pb.h",
                       "thread", "mutex", "spdlog/spdlog.h"]:
            self.assertTrue(self.faults("server/core/a.cc", f"#include <{header}>\n"), header)
        self.assert_bad("server/core/a.cc", '#include "common/mutex.h"\n', 1, "must not include")
        self.assert_bad("server/core/a.cc", "auto now = common::SystemClock().Mono();\n", 1, "argument")

    def test_protobuf_meets_the_core_in_rpc_only(self):
        self.assert_bad("server/registry/a.h", '#include "liveness/v1/client.pb.h"\n', 1, "include proto")
        self.assert_good("server/rpc/query/a.h", '#include "liveness/v1/client.pb.h"\n')

    def test_the_heartbeat_protocol_runs_over_any_transport(self):
        for header in ["grpcpp/grpcpp.h", "liveness/v1/heartbeat_service.grpc.pb.h", "server/rpc/engine/engine.h",
                       "server/rpc/heartbeat/heartbeat_writer.h"]:
            for file in ["heartbeat_protocol.h", "heartbeat_transport.h", "ping_wire.cc"]:
                self.assert_bad(f"server/rpc/heartbeat/{file}", f'#include "{header}"\n', 1, "any transport")
            self.assert_good("server/rpc/heartbeat/heartbeat_call.h", f'#include "{header}"\n')
        self.assert_good("server/rpc/heartbeat/heartbeat_protocol.h", '#include "liveness/v1/heartbeat_service.pb.h"\n')

    def test_what_stores_keep_stays_with_them(self):
        self.assert_good("server/storage/a.cc", '#include "liveness/storage/v1/record.pb.h"\n')
        self.assert_bad("server/storage/a.cc", '#include "liveness/v1/client.pb.h"\n', 1, "include proto")
        for folder in ["server/rpc/query", "server/registry", "client/src"]:
            self.assert_bad(f"{folder}/a.cc", '#include "liveness/storage/v1/record.pb.h"\n', 1, "proto/storage")

    def test_only_the_etcd_store_speaks_to_etcd(self):
        for header in ["<grpcpp/channel.h>", '"etcd/v3/etcd_service.pb.h"', '"common/grpc/socket_mutator.h"']:
            self.assert_good("server/storage/etcd/a.h", f"#include {header}\n")
        self.assert_good("server/storage/etcd/a.h", '#include "server/storage/store.h"\n')
        self.assert_bad("server/storage/a.h", "#include <grpcpp/channel.h>\n", 1, "grpcpp")
        self.assert_bad("server/storage/a.h", '#include "server/storage/etcd/a.h"\n', 1, "storage/etcd")
        self.assert_bad("server/rpc/query/a.h", '#include "etcd/v3/etcd_service.pb.h"\n', 1, "proto/etcd")
        self.assert_good("server/app/a.cc", '#include "server/storage/etcd/etcd_store.h"\n')
        self.assert_bad("server/registry/a.cc", '#include "server/storage/etcd/etcd_store.h"\n', 1, "etcd")

    def test_arrows_that_are_right(self):
        self.assert_good("server/app/main.cc", '#include "server/rpc/engine/engine.h"\n#include <grpcpp/grpcpp.h>\n')
        self.assert_good("server/registry/a.cc", '#include "server/core/record/record.h"\n#include "common/mutex.h"\n')
        self.assert_good("server/core/filter/a.cc", '#include "server/core/record/record.h"\n')
        self.assert_good("server/http/a.cc", '#include "server/rpc/convert/convert.h"\n')
        self.assert_good("server/registry/registry.cc", '#include "server/registry/life/lifecycle.h"\n')
        self.assert_good("client/src/a.cc", '#include <liveness/client.h>\n#include "client/src/b.h"\n')
        self.assert_good("client/include/liveness/a.h", "#include <liveness/options.h>\n#include <string>\n")
        self.assert_good("examples/a.cc", "#include <liveness/client.h>\n")
        self.assert_good("tests/unit/core/a_test.cc", '#include "server/core/record/record.h"\n')

    def test_clocks_and_sleeps(self):
        for code in ["std::chrono::steady_clock::now()", "absl::Now()", "absl::SleepFor(x)", "time(nullptr)",
                     "std::this_thread::sleep_for(x)", "::clock_gettime(id, &now)", "usleep(1)", "sleep(3)",
                     "gpr_now(GPR_CLOCK_REALTIME)", "std::time(nullptr)"]:
            for path in ["server/rpc/query/a.cc", "client/src/a.cc", "tests/unit/core/a_test.cc"]:
                self.assert_bad(path, f"\nauto x = {code};\n", 2, "common/clock")
        self.assert_good("common/clock.cc", "clock_gettime(id, &now);\n")
        self.assert_good("tests/integration/a_test.cc", "usleep(1);\n")

    def test_words_that_only_look_like_clocks(self):
        self.assert_good("server/rpc/query/a.cc", "\n".join([
            "// absl::Now() would be wrong here", 'Log("sleep(1)");', "record.state_time();", "set_time(now);",
            "x->time();", "/* usleep(1)", " usleep(2) */", ""]))

    def test_hash_tables_under_the_lock(self):
        for table in ["absl::flat_hash_map<int, int>", "absl::node_hash_set<int>", "std::unordered_multimap<int, int>"]:
            self.assert_bad("server/registry/life/a.h", f"\n  {table} all_;\n", 2, "ordered")
            self.assert_bad("server/core/a.h", f"{table} all_;\n", 1, "ordered")
            self.assert_good("server/registry/a.h", f"  {table} all_;  // bounded: one a server\n")
            self.assert_good("server/net/a.h", f"{table} all_;\n")
        self.assert_good("server/core/a.h", "// no flat_hash_map<int, int>\nabsl::btree_map<int, int> all_;\n")

    def test_files_that_are_too_long(self):
        for suffix, most in ((".cc", 340), (".h", 320)):
            self.assert_good(f"common/a{suffix}", "int x;\n" * most)
            self.assert_bad(f"common/a{suffix}", "int x;\n" * (most + 1), most + 1, "split")

    def test_folders_that_hold_too_many(self):
        with tempfile.TemporaryDirectory() as folder:
            for n in range(41):
                file = pathlib.Path(folder) / f"common/a{n}.h"
                file.parent.mkdir(exist_ok=True)
                file.write_text("#pragma once\n")
            self.assertEqual(["common"], [path for path, _, _ in check_house.faults(pathlib.Path(folder))])
            file.unlink()
            self.assertEqual([], list(check_house.faults(pathlib.Path(folder))))

    def test_a_class_lives_in_one_file(self):
        header = "class Registry : public Base {\n public:\n  void Attach();\n  struct Parts;\n};\n"
        body = "namespace x {\n\nstd::vector<int> Registry::Attach(int a,\n  int b) {\n}\n"
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "common").mkdir()
            (root / "common/registry.h").write_text(header)
            (root / "common/registry.cc").write_text(body)
            (root / "common/more.cc").write_text("class Local {\n void F();\n};\nvoid Local::F() {}\n")
            self.assertEqual([], list(check_house.faults(root)))
            (root / "common/registry_attach.cc").write_text(body)
            (root / "common/parts.cc").write_text("Registry::Parts::Parts(int a) : a_(a) {}\n")
            self.assertEqual([("common/parts.cc", 1), ("common/registry_attach.cc", 3)],
                             [(path, line) for path, line, _ in check_house.faults(root)])

    def test_what_documents_name_exists(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "docs/adr").mkdir(parents=True)
            (root / "common").mkdir()
            (root / "common/a.h").write_text("class Clock {\n  void Mono();\n};\n")
            page = root / "docs/adr/page.md"
            page.write_text("`common/a.h`, `common/` and `Clock::Mono()`; `other/a.h` is not ours, `Elsewhere::X` neither\n")
            self.assertEqual([], list(check_house.faults(root)))
            page.write_text("\nsee `common/b.h`\nand `Clock::Wall`\n")
            self.assertEqual([("docs/adr/page.md", 2), ("docs/adr/page.md", 3)],
                             [(path, line) for path, line, _ in check_house.faults(root)])

    def test_what_is_no_member(self):
        self.assert_good("common/a.cc", "\n".join([
            "// Registry::Attach() is elsewhere", "using registry::Registry;", "int x = Registry::Count();",
            "TEST(Registry, Attach) {", "  Registry::Attach();", "}", "static_assert(Registry::kMost(1));", ""]))

    def test_new_folders_must_be_named(self):
        self.assert_bad("server/magic/a.cc", "int x;\n", 1, "MAY_INCLUDE")

    def test_includes_are_written_from_the_root(self):
        self.assert_bad("common/a.cc", '#include "a.h"\n', 1, "from the root")
        self.assert_bad("client/src/a.cc", '#include "liveness/client.h"\n', 1, "<liveness/client.h>")


if __name__ == "__main__":
    unittest.main()
