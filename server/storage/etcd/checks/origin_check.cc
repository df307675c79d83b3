#include "server/storage/etcd/checks/origin_check.h"

#include <chrono>
#include <utility>

#include "common/strings.h"
#include "server/storage/etcd/answers.h"
#include "server/storage/etcd/opening.h"

namespace liveness::storage::etcd {
namespace {

using etcdserverpb::Compare;

constexpr std::chrono::seconds kQuick(2);  // for a small request
constexpr int kLooks = 5;

}  // namespace

absl::StatusOr<OriginCheck::Seen> OriginCheck::Look() {
  etcdserverpb::TxnRequest request;
  request.add_success()->mutable_request_range()->set_key(layout_.History());
  request.add_success()->mutable_request_range()->set_key(layout_.Origin());
  Seen seen;
  auto status = try_(kQuick, [&](const Member& member, grpc::ClientContext& context) {
    seen = {};
    // A reading through this member waits until it has all that was committed before: entries that are asked
    // for after it are no fewer than it has seen.
    etcdserverpb::StatusResponse before, after;
    grpc::ClientContext first, last;
    members_.Prepare(first, kQuick);
    members_.Prepare(last, kQuick);
    grpc::Status told = member.maintenance->Status(&first, {}, &before);
    if (!told.ok() && Curable(told)) return told;
    etcdserverpb::TxnResponse response;
    grpc::Status done = member.kv->Txn(&context, request, &response);
    if (!done.ok()) return done;
    for (const int n : {0, 1}) {
      const auto& range = RangeOf(response, n);
      if (range.kvs_size() == 1) (n == 0 ? seen.history : seen.origin) = range.kvs(0);
    }
    if (told.ok()) told = member.maintenance->Status(&last, {}, &after);
    if (!told.ok() && Curable(told)) return told;
    if (told.ok()) {
      seen.facts = OriginFacts{response.header().cluster_id(), static_cast<std::int64_t>(before.raftindex()),
                               response.header().revision(), static_cast<std::int64_t>(after.raftindex())};
    }
    return done;
  });
  if (!status.ok()) return status;
  return seen;
}

absl::StatusOr<bool> OriginCheck::Write(const Seen& seen, const History& history, const Origin& origin) {
  etcdserverpb::TxnRequest request;
  const std::pair<std::string, const etcdserverpb::KeyValue&> keys[] = {{layout_.History(), seen.history},
                                                                        {layout_.Origin(), seen.origin}};
  for (const auto& [key, kv] : keys) {
    Compare& unchanged = *request.add_compare();
    unchanged.set_key(key);
    unchanged.set_target(Compare::MOD);
    unchanged.set_mod_revision(kv.mod_revision());
  }
  const auto put = [&](const std::string& key, const std::string& value) {
    auto& request_put = *request.add_success()->mutable_request_put();
    request_put.set_key(key);
    request_put.set_value(value);
  };
  if (seen.history.value() != EncodeHistory(history)) put(layout_.History(), EncodeHistory(history));
  put(layout_.Origin(), EncodeOrigin(origin));
  bool written = false;
  auto status = try_(kQuick, [&](const Member& member, grpc::ClientContext& context) {
    etcdserverpb::TxnResponse response;
    grpc::Status done = member.kv->Txn(&context, request, &response);
    written = response.succeeded();
    return done;
  });
  if (!status.ok()) return status;
  return written;
}

absl::StatusOr<History> OriginCheck::Run() {
  for (int n = 0; n < kLooks; ++n) {
    const auto seen = Look();
    if (!seen.ok()) return seen.status();
    const auto present = DecodeHistory(seen->history.value());
    if (!present) return absl::UnavailableError("the history's name was taken away; try again");
    History history = *present;
    if (!seen->facts) return history;
    const auto kept = DecodeOrigin(seen->origin.value());
    const Origin certain = seen->facts->Certain();
    const bool went_back = kept && seen->facts->IsAfterRestoring(*kept);
    if (kept && !went_back && kept->other_entries >= certain.other_entries) return history;
    if (went_back) history = NextHistory(*present, seen->facts->revision, 0, clock_.Wall());
    const auto written = Write(*seen, history, certain);
    if (!written.ok()) return written.status();
    if (!*written) continue;  // by another server that starts: look again
    if (went_back) {
      options_.log(common::StrCat("this etcd is a copy, as after a restore: its history goes on as ",
                                  history.id, ", with revisions above ", history.base));
    }
    return history;
  }
  return absl::UnavailableError("the history's name does not come to rest; try again");
}

}  // namespace liveness::storage::etcd
