// Stored records and transitions, and what etcd answers with: bytes are refused, or mean the same once they
// were written anew.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/storage/etcd/checks/origin.h"
#include "server/storage/etcd/layout.h"
#include "server/storage/record_codec.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/parse.h"
#include "tests/support/registry/random_record.h"

namespace liveness::fuzz {
namespace {

using storage::etcd::History;

const History kHistory{.id = "0123456789abcdef", .base = 1'000'000};

void TryRecord(std::string_view bytes) {
  storage::ServerIdPool ids;
  const auto record = storage::DecodeRecord(bytes, ids);
  if (!record.ok()) return;
  Require(!(*record)->client_id().empty(), "a record names its client");
  const std::string written = storage::EncodeRecord(**record);
  const auto again = storage::DecodeRecord(written, ids);
  Require(again.ok() && storage::EncodeRecord(**again) == written,
          "a record that is read is written as itself");
}

void TryTransition(std::string_view bytes) {
  storage::ServerIdPool ids;
  const auto transition = storage::DecodeTransition(bytes, ids);
  if (!transition.ok()) return;
  Require((*transition)->after != nullptr, "a transition leads to a record");
  const std::string written = storage::EncodeTransition(**transition);
  const auto again = storage::DecodeTransition(written, ids);
  Require(again.ok() && storage::EncodeTransition(**again) == written,
          "a transition that is read is written as itself");
}

void TryEtcd(std::string_view bytes) {
  storage::ServerIdPool ids;
  if (const auto change = storage::etcd::DecodeChange(bytes)) {
    const auto record = storage::etcd::RecordOf(*change, kHistory, 42, ids);
    Require(!record.ok() || (*record)->revision == kHistory.Told(42), "a record has the revision of its key");
  }
  if (const auto history = storage::etcd::DecodeHistory(bytes)) {
    Require(storage::etcd::DecodeHistory(storage::etcd::EncodeHistory(*history)) == history,
            "a history that is read is written as itself");
  }
  if (const auto origin = storage::etcd::DecodeOrigin(bytes)) {
    Require(storage::etcd::DecodeOrigin(storage::etcd::EncodeOrigin(*origin)) == origin,
            "an origin that is read is written as itself");
  }
  if (const auto key = storage::etcd::DecodeTokenKey(bytes)) {
    Require(storage::etcd::DecodeTokenKey(storage::etcd::EncodeTokenKey(*key)) == key,
            "a key that is read is written as itself");
  }
  const storage::etcd::Layout layout("/liveness/");
  const auto key = layout.Parse(bytes);
  if (key.kind == storage::etcd::Layout::Kind::kClient) {
    Require(layout.Client(key.id) == bytes, "a client has one key");
  }
  if (key.kind == storage::etcd::Layout::Kind::kServer) {
    Require(layout.Server(key.id) == bytes, "a server has one key");
  }
}

}  // namespace

std::vector<std::string> Seeds() {
  testing::RandomRecord random(1);
  std::vector<std::string> seeds = {"",
                                    "/liveness/clients/web-1",
                                    "/liveness/servers/s-1",
                                    "/liveness/meta/history",
                                    storage::etcd::EncodeHistory(kHistory),
                                    storage::etcd::EncodeOrigin({.cluster_id = 7, .other_entries = -3}),
                                    std::string(64, 'a')};
  for (int i = 0; i < 4; ++i) {
    const auto before = std::make_shared<const core::ClientRecord>(random.Next());
    const auto after = std::make_shared<const core::ClientRecord>(random.Next());
    seeds.push_back(storage::EncodeRecord(*after));
    seeds.push_back(storage::EncodeTransition({before, after, core::WallTime(core::Duration(i))}));
    seeds.push_back(storage::etcd::EncodeChange(
        {.id = 1, .before = before, .after = after, .time = core::WallTime(core::Duration(i))}, 7, kHistory));
  }
  return seeds;
}

void Try(std::string_view input) {
  SilenceProtobuf();
  TryRecord(input);
  TryTransition(input);
  TryEtcd(input);
}

}  // namespace liveness::fuzz
