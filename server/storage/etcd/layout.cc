#include "server/storage/etcd/layout.h"

#include <chrono>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "liveness/storage/v1/etcd.pb.h"

namespace liveness::storage::etcd {
namespace {

constexpr std::size_t kHistoryIdDigits = 16;

std::string_view View(const TokenKey& key) { return {reinterpret_cast<const char*>(key.data()), key.size()}; }

}  // namespace

std::string Layout::PastAll(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (prefix.empty()) return std::string(1, '\0');  // etcd's word for "all that follow"
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

Layout::Key Layout::Parse(std::string_view key) const {
  absl::string_view rest(key.data(), key.size());
  if (!absl::ConsumePrefix(&rest, prefix_)) return {};
  Key parsed;
  if (absl::ConsumePrefix(&rest, "clients/")) {
    parsed.kind = Kind::kClient;
  } else if (absl::ConsumePrefix(&rest, "servers/")) {
    parsed.kind = Kind::kServer;
  } else if (absl::StartsWith(rest, "forgotten/")) {
    return {Kind::kForgotten, {}};
  } else {
    return {rest == "meta/history" ? Kind::kHistory : Kind::kOther, {}};
  }
  parsed.id = std::string_view(rest.data(), rest.size());
  return parsed;
}

std::string EncodeHistory(const History& history) { return absl::StrCat(history.id, " ", history.base); }

std::optional<History> DecodeHistory(std::string_view text) {
  History history;
  if (text.size() <= kHistoryIdDigits + 1 || text[kHistoryIdDigits] != ' ') return std::nullopt;
  history.id = std::string(text.substr(0, kHistoryIdDigits));
  const std::string_view base = text.substr(kHistoryIdDigits + 1);
  if (!absl::SimpleAtoi(absl::string_view(base.data(), base.size()), &history.base)) return std::nullopt;
  return history;
}

std::string EncodeTokenKey(const TokenKey& key) {
  const std::string_view bytes = View(key);
  return absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
}

std::optional<TokenKey> DecodeTokenKey(std::string_view text) {
  TokenKey key;
  const std::string bytes = absl::HexStringToBytes(absl::string_view(text.data(), text.size()));
  if (text.size() != 2 * key.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return EncodeTokenKey(key) == text ? std::optional(key) : std::nullopt;
}

std::string EncodeChange(const Proposal& proposal, std::uint64_t writer, const History& history) {
  v1::EtcdChange stored;
  stored.set_record(EncodeRecord(*proposal.after));
  stored.set_writer(writer);
  stored.set_proposal(proposal.id);
  stored.set_time_ns(proposal.time.time_since_epoch().count());
  stored.set_base(history.base);
  return stored.SerializeAsString();
}

std::optional<Change> DecodeChange(std::string_view value) {
  v1::EtcdChange stored;
  if (!stored.ParseFromArray(value.data(), static_cast<int>(value.size()))) return std::nullopt;
  Change change;
  change.writer = stored.writer();
  change.proposal = stored.proposal();
  change.time = core::WallTime(core::Duration(stored.time_ns()));
  change.record = std::move(*stored.mutable_record());
  change.base = stored.base();
  return change;
}

absl::StatusOr<std::shared_ptr<core::ClientRecord>> RecordOf(const Change& change, const History& history,
                                                             std::int64_t etcd_revision, ServerIdPool& ids) {
  auto record = DecodeRecord(change.record, ids);
  if (!record.ok()) return record.status();
  (*record)->revision = history.Told(etcd_revision);
  if ((*record)->incarnation == 0) {
    (*record)->incarnation = change.base + static_cast<std::uint64_t>(etcd_revision);
  }
  // What an earlier history wrote speaks of a session that others may have followed since, of which a
  // restored etcd knows nothing: it takes an incarnation above all of theirs, which no token names
  // (docs/adr/0020).
  if (change.base != history.base) {
    (*record)->incarnation = std::max((*record)->incarnation, history.base);
  }
  return record;
}

}  // namespace liveness::storage::etcd
