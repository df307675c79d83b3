#include "server/storage/etcd/mirror.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace liveness::storage::etcd {

using etcdserverpb::Event;
using etcdserverpb::KeyValue;
using Kind = Layout::Kind;

Mirror::Mirror(const Layout& layout, History history, std::uint64_t writer)
    : layout_(layout), history_(std::move(history)), writer_(writer) {}

Mirror::Step Mirror::Apply(const std::vector<const Event*>& events, const Own& own, core::WallTime now) {
  Step step;
  step.revision = history_.Told(events.front()->kv().mod_revision());
  // What was written before what was deleted: a record that is forgotten in order
  // is written once more, elsewhere, and then its deletion tells nothing new.
  for (const Event* event : events) {
    if (event->type() != Event::PUT) continue;
    const KeyValue& kv = event->kv();
    const Layout::Key key = layout_.Parse(kv.key());
    if (key.kind == Kind::kClient) AddPut(kv, key.id, own, now, step);
    if (key.kind == Kind::kForgotten) AddForgotten(kv, events, own, step);
    if (key.kind == Kind::kHistory && kv.value() != EncodeHistory(history_)) step.history_touched = true;
    if (key.kind == Kind::kServer) {
      servers_[std::string(key.id)] = kv.value();
      step.servers_changed = true;
    }
  }
  for (const Event* event : events) {
    if (event->type() != Event::DELETE) continue;
    const Layout::Key key = layout_.Parse(event->kv().key());
    if (key.kind == Kind::kClient) AddGone(key.id, event->kv().mod_revision(), now, step);
    if (key.kind == Kind::kHistory) step.history_touched = true;
    if (key.kind == Kind::kServer) step.servers_changed |= servers_.erase(std::string(key.id)) > 0;
  }
  return step;
}

std::optional<Committed> Mirror::Read(const KeyValue& kv, const Own& own) {
  const auto change = DecodeChange(kv.value());
  if (!change) return std::nullopt;
  Committed read;
  read.time = change->time;
  if (const core::RecordPtr after = change->writer == writer_ ? own(change->proposal) : nullptr) {
    read.proposal = change->proposal;
    read.after = Stamped(*after, history_.Told(kv.mod_revision()));
    return read;
  }
  auto record = RecordOf(*change, history_, kv.mod_revision(), ids_);
  if (!record.ok()) return std::nullopt;
  // What a session says of itself rarely changes: one block of memory for all its records.
  const core::RecordPtr known = Find((*record)->client_id());
  if (known != nullptr && known->info == (*record)->info) (*record)->info = known->info;
  read.after = *std::move(record);
  return read;
}

void Mirror::AddPut(const KeyValue& kv, std::string_view client_id, const Own& own, core::WallTime now,
                    Step& step) {
  std::optional<Committed> read = Read(kv, own);
  if (!read || read->after->client_id() != client_id || read->after->state == core::State::kForgotten) {
    AddGone(client_id, kv.mod_revision(), now, step);
    unreadable_[std::string(client_id)] = kv.mod_revision();
    return;
  }
  unreadable_.erase(std::string(client_id));
  core::RecordPtr before = Find(client_id);
  Keep(read->after);
  step.items.push_back({*std::move(read), std::move(before)});
}

void Mirror::AddForgotten(const KeyValue& kv, const std::vector<const Event*>& same, const Own& own,
                          Step& step) {
  std::optional<Committed> read = Read(kv, own);
  if (!read || read->after->state != core::State::kForgotten) return;
  core::RecordPtr before = Find(read->after->client_id());
  if (before == nullptr) return;
  const std::string key = layout_.Client(read->after->client_id());
  const bool is_gone = std::any_of(same.begin(), same.end(), [&key](const Event* event) {
    return event->type() == Event::DELETE && event->kv().key() == key;
  });
  // Somebody wrote it by hand: what the client's own key holds stands.
  if (!is_gone) return;
  records_.erase(read->after->client_id());
  step.items.push_back({*std::move(read), std::move(before)});
}

void Mirror::AddGone(std::string_view client_id, std::int64_t etcd_revision, core::WallTime now, Step& step) {
  unreadable_.erase(std::string(client_id));
  Step::Item item;
  item.before = Find(client_id);
  if (item.before == nullptr) return;
  auto after = std::make_shared<core::ClientRecord>(*item.before);
  after->state = core::State::kForgotten;
  after->revision = history_.Told(etcd_revision);
  records_.erase(client_id);
  item.committed = {0, std::move(after), now};
  step.items.push_back(std::move(item));
}

void Mirror::Keep(core::RecordPtr record) {
  const auto at = records_.find(record->client_id());
  // The set's key is a view into the record: it is taken out, not overwritten.
  if (at != records_.end()) records_.erase(at);
  records_.insert(std::move(record));
}

absl::Status Mirror::Load(const KeyValue& kv) {
  const Layout::Key key = layout_.Parse(kv.key());
  if (key.kind == Kind::kServer) servers_[std::string(key.id)] = kv.value();
  if (key.kind != Kind::kClient) return absl::OkStatus();
  Step step;
  const auto none = [](std::uint64_t) { return nullptr; };
  AddPut(kv, key.id, none, {}, step);
  if (!step.items.empty()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("etcd's key \"", absl::CHexEscape(kv.key()),
                                          "\" holds no client's record that this server can read: delete it, "
                                          "or start a newer server"));
}

void Mirror::BeginListing() {
  seen_.clear();
  newer_.clear();
  listed_servers_.clear();
  history_seen_ = false;
}

void Mirror::Page(const etcdserverpb::RangeResponse& part) {
  for (const KeyValue& kv : part.kvs()) {
    const Layout::Key key = layout_.Parse(kv.key());
    if (key.kind == Kind::kServer) listed_servers_[std::string(key.id)] = kv.value();
    if (key.kind == Kind::kHistory) history_seen_ = kv.value() == EncodeHistory(history_);
    if (key.kind != Kind::kClient) continue;
    const core::RecordPtr known = Find(key.id);
    if (known != nullptr) seen_.insert(known.get());
    if (known == nullptr || history_.Etcds(known->revision) < kv.mod_revision()) newer_.push_back(kv);
  }
}

std::vector<Mirror::Step> Mirror::FinishListing(std::int64_t etcd_revision, const Own& own,
                                                core::WallTime now) {
  std::vector<std::string> gone;
  for (const core::RecordPtr& record : records_) {
    if (!seen_.contains(record.get())) gone.emplace_back(record->client_id());
  }
  std::stable_sort(newer_.begin(), newer_.end(),
                   [](const KeyValue& a, const KeyValue& b) { return a.mod_revision() < b.mod_revision(); });
  std::vector<Step> steps;
  const auto step_at = [&](std::int64_t revision) -> Step& {
    const std::uint64_t told = history_.Told(revision);
    if (steps.empty() || steps.back().revision != told) steps.push_back({told, {}, false, false});
    return steps.back();
  };
  unreadable_.clear();
  for (const KeyValue& kv : newer_) {
    AddPut(kv, layout_.Parse(kv.key()).id, own, now, step_at(kv.mod_revision()));
  }
  for (const std::string& id : gone) AddGone(id, etcd_revision, now, step_at(etcd_revision));
  if (servers_ != listed_servers_) {
    servers_ = std::move(listed_servers_);
    step_at(etcd_revision).servers_changed = true;
  }
  if (!history_seen_) step_at(etcd_revision).history_touched = true;
  BeginListing();
  return steps;
}

core::RecordPtr Mirror::Find(std::string_view client_id) const {
  const auto at = records_.find(client_id);
  return at == records_.end() ? nullptr : *at;
}

std::int64_t Mirror::RevisionOf(std::string_view client_id) const {
  if (const core::RecordPtr record = Find(client_id)) return history_.Etcds(record->revision);
  const auto at = unreadable_.find(client_id);
  return at == unreadable_.end() ? 0 : at->second;
}

std::vector<core::RecordPtr> Mirror::Records() const { return {records_.begin(), records_.end()}; }

}  // namespace liveness::storage::etcd
