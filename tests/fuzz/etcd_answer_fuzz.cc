// What etcd answers: whoever may write our keys may write anything there, and a proxy may answer anything.
// The input is a list of steps that write to an etcd of the target's own: its changes are watched, or missed
// and listed. Whatever is written, who follows what is told knows what whoever starts anew reads.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/storage/etcd/answers.h"
#include "server/storage/etcd/mirror.h"
#include "server/storage/etcd/opening.h"
#include "server/storage/record_codec.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/parse.h"

namespace liveness::fuzz {
namespace {

using core::State;
using etcdserverpb::Event;
using etcdserverpb::KeyValue;
using storage::etcd::History;
using storage::etcd::Layout;
using storage::etcd::Mirror;

constexpr std::size_t kMaxSteps = 200;
constexpr std::uint64_t kWriter = 7;
const Layout kLayout("/liveness/");
const History kHistory{.id = "0123456789abcdef", .base = 1'000'000};

core::RecordPtr NotOurs(std::uint64_t) { return nullptr; }

std::string Value(const std::string& client_id, State state) {
  core::ClientInfo info;
  info.client_id = client_id;
  auto record = std::make_shared<core::ClientRecord>();
  record->info = core::PackedInfo(info);
  record->state = state;
  return storage::etcd::EncodeChange({.id = 1, .before = nullptr, .after = record, .time = {}}, kWriter + 1,
                                     kHistory);
}

// Clients, and their records as bytes, with revisions.
using Known = std::map<std::string, std::string, std::less<>>;

std::string Text(const core::ClientRecord& record) {
  return std::to_string(record.revision) + " " + storage::EncodeRecord(record);
}

Known KnownTo(const Mirror& mirror) {
  Known known;
  for (const core::RecordPtr& record : mirror.Records()) {
    Require(mirror.Find(record->client_id()) == record, "a client is found by its id");
    known[std::string(record->client_id())] = Text(*record);
  }
  return known;
}

// Knows what it is told.
class Follower {
 public:
  void Take(const Mirror::Step& step) {
    if (step.items.empty()) return;  // e.g. of a key that cannot be read, listed once more
    Require(step.revision > revision_, "revisions are told in their order");
    revision_ = step.revision;
    for (const Mirror::Step::Item& item : step.items) {
      const core::ClientRecord& after = *item.committed.after;
      Require(after.revision == step.revision, "a change has the revision that it is told with");
      const auto known = known_.find(after.client_id());
      Require((item.before == nullptr) == (known == known_.end()), "a change follows what was told before");
      Require(item.before == nullptr || Text(*item.before) == known->second, "a change follows the last one");
      if (known != known_.end()) known_.erase(known);
      if (after.state != State::kForgotten) known_[std::string(after.client_id())] = Text(after);
    }
  }
  const Known& known() const { return known_; }

 private:
  std::uint64_t revision_ = 0;
  Known known_;
};

class Steps {
 public:
  explicit Steps(std::string_view input) : input_(input) {
    Write(kLayout.History(), EncodeHistory(kHistory));
  }

  void Run() {
    for (std::size_t step = 0; step < kMaxSteps && !input_.empty(); ++step) TakeStep();
    Tell();
  }

 private:
  unsigned char Byte() {
    if (input_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(input_.front());
    input_.remove_prefix(1);
    return byte;
  }
  std::string Bytes() {
    const std::string bytes(input_.substr(0, Byte()));
    input_.remove_prefix(std::min(bytes.size(), input_.size()));
    return bytes;
  }

  void TakeStep() {
    switch (Byte() % 5) {
      case 0: return Write(Key(), NewValue());
      case 1: return Delete(Key());
      case 2: return Tell();
      case 3: ++revision_; return;  // what is written next is another transaction's
      default: return List();
    }
  }
  std::string Key() {
    switch (Byte() % 8) {
      case 0: return kLayout.Client("a");
      case 1: return kLayout.Client("b");
      case 2: return kLayout.Client(Bytes());
      case 3: return kLayout.Forgotten(0);
      case 4: return kLayout.Forgotten(1);
      case 5: return kLayout.Server("s");
      case 6: return kLayout.History();
      default: return kLayout.begin() + Bytes();
    }
  }
  std::string NewValue() {
    const int kind = Byte() % 4;
    if (kind == 0) return Bytes();
    if (kind == 1) return EncodeHistory(kHistory);
    return Value(Byte() % 2 == 0 ? "a" : "b", kind == 2 ? State::kAlive : State::kForgotten);
  }

  // One transaction writes a key once.
  void BeforeWriting(const std::string& key) {
    const auto same = [&](const Event& event) {
      return event.kv().mod_revision() == revision_ && event.kv().key() == key;
    };
    if (std::any_of(untold_.begin(), untold_.end(), same)) ++revision_;
  }
  void Write(const std::string& key, const std::string& value) {
    BeforeWriting(key);
    Event& event = *untold_.Add();
    event.set_type(Event::PUT);
    event.mutable_kv()->set_key(key);
    event.mutable_kv()->set_value(value);
    event.mutable_kv()->set_mod_revision(revision_);
    keys_[key] = event.kv();
  }
  void Delete(const std::string& key) {
    if (!keys_.contains(key)) return;
    BeforeWriting(key);
    keys_.erase(key);
    Event& event = *untold_.Add();
    event.set_type(Event::DELETE);
    event.mutable_kv()->set_key(key);
    event.mutable_kv()->set_mod_revision(revision_);
  }

  // The watch tells what was written.
  void Tell() {
    storage::etcd::ByRevision(untold_, [&](const std::vector<const Event*>& same) {
      follower_.Take(mirror_.Apply(same, NotOurs, {}));
    });
    untold_.Clear();
    ++revision_;
    Check();
  }
  // The watch missed what was written: all keys are listed, in pages.
  void List() {
    const std::size_t size = 1 + Byte() % 3;
    untold_.Clear();
    mirror_.BeginListing();
    etcdserverpb::RangeResponse page;
    for (const auto& [key, kv] : keys_) {
      *page.add_kvs() = kv;
      if (static_cast<std::size_t>(page.kvs_size()) < size) continue;
      mirror_.Page(page);
      page.Clear();
    }
    mirror_.Page(page);
    for (const Mirror::Step& step : mirror_.FinishListing(revision_, NotOurs, {})) follower_.Take(step);
    ++revision_;
    Check();
  }

  void Check() {
    Mirror fresh(kLayout, kHistory, kWriter);
    std::map<std::string, std::string> servers;
    for (const auto& [key, kv] : keys_) {
      (void)fresh.Load(kv);
      const Layout::Key parsed = kLayout.Parse(key);
      if (parsed.kind == Layout::Kind::kServer) servers[std::string(parsed.id)] = kv.value();
      if (parsed.kind != Layout::Kind::kClient) continue;
      Require(mirror_.RevisionOf(parsed.id) == kv.mod_revision(), "a client's key has its revision");
      Require(fresh.RevisionOf(parsed.id) == kv.mod_revision(), "to whoever starts anew as well");
    }
    const Known known = KnownTo(mirror_);
    Require(known == follower_.known(), "who follows what is told knows what is known");
    Require(known == KnownTo(fresh), "whoever starts anew reads what is known");
    Require(mirror_.servers() == servers, "servers are those whose keys are there");
  }

  std::string_view input_;
  std::int64_t revision_ = 1;
  std::map<std::string, KeyValue> keys_;  // etcd's
  google::protobuf::RepeatedPtrField<Event> untold_;
  Mirror mirror_{kLayout, kHistory, kWriter};
  Follower follower_;
};

void TryAnswer(std::string_view bytes) {
  etcdserverpb::TxnResponse response;
  if (!Parse(bytes, response)) return;
  for (const int number : {0, 1, 128}) {
    const auto& range = storage::etcd::RangeOf(response, number);
    Require(number < response.responses_size() || range.kvs_size() == 0, "what is not told is nothing");
    Require(NotesOf(range, kLayout).size() <= static_cast<std::size_t>(range.kvs_size()),
            "notes are of keys that were found");
  }
  const common::Duration lifetime = storage::etcd::LifetimeOf(response.header().revision());
  Require(lifetime >= common::Duration::zero() && lifetime <= std::chrono::hours(24), "a lease stands a day");
}

}  // namespace

std::vector<std::string> Seeds() {
  using namespace std::string_literals;
  const std::string put = "\0\0\2\0"s, tell = "\2"s, remove = "\1\0"s, list = "\4\1"s;
  const std::string forget = "\0\3\3\0"s + remove;
  etcdserverpb::TxnResponse response;
  response.mutable_header()->set_revision(7);
  KeyValue& kv = *response.add_responses()->mutable_response_range()->add_kvs();
  kv.set_key(kLayout.Note("groups"));
  kv.set_value("1");
  return {
      "", put + tell + remove + tell, put + tell + forget + tell, put + remove + list + put + list,
      put + tell + "\0\0\0\3abc"s + tell + put + tell,
      // A record of another client's, one of a client without a name, one under forgotten/ that lives, one
      // that is forgotten there alone.
      "\0\1\2\0"s + tell + "\0\2\0\2\0"s + tell + "\0\3\2\0"s + tell + put + tell + "\0\3\3\0"s + tell + list,
      "\0\5\1"s + tell + "\1\5"s + tell + "\0\6\0\1x"s + list + "\1\6"s + tell, response.SerializeAsString()};
}

void Try(std::string_view input) {
  SilenceProtobuf();
  TryAnswer(input);
  Steps(input).Run();
}

}  // namespace liveness::fuzz
