// A registry with a clock that the test moves, streams that record what they
// are told, and a replay that checks what a watcher would believe. Header only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/registry/registry.h"
#include "server/storage/memory_store.h"
#include "tests/support/manual_clock.h"

namespace liveness::testing {

// Not thread-safe.
class RecordingStream final : public registry::StreamHandle {
 public:
  void Probe(std::uint64_t sequence) override { probes.push_back(sequence); }
  void End(const absl::Status& why) override { ends.push_back(why); }
  core::LinkEvidence Look() override {
    ++looks;
    return link;
  }

  core::LinkEvidence link;  // what its connection shows
  int looks = 0;
  std::vector<std::uint64_t> probes;
  std::vector<absl::Status> ends;
};

// A client with one stream.
struct Peer {
  std::shared_ptr<RecordingStream> stream;
  registry::Attached attached;
  core::RecordPtr record;  // as it was then
  absl::Status refused;    // OK if attached
  int answers = 0;         // how often the hello was answered: 0 while it waits for the store
};

// A clock and a store of the test's own.
struct OwnClockAndStore {
  ManualClock own_clock;
  storage::MemoryStore own_store{own_clock};
};

class RegistryHarness : private OwnClockAndStore {
 public:
  // Over a store that commits at once.
  explicit RegistryHarness(registry::RegistryOptions options = {})
      : RegistryHarness(own_clock, own_store, std::move(options)) {}
  // One process over a store that outlives it; another harness over the same is its restart. Not serving yet.
  RegistryHarness(ManualClock& the_clock, storage::Store& the_store, registry::RegistryOptions options = {})
      : clock(the_clock),
        store(the_store),
        registry(WithServerId(std::move(options)), clock, store, *store.Load()) {
    registry.OnEarlierDeadline([this](common::MonoTime when) { next_tick_ = std::min(next_tick_, when); });
    store.Start(registry);
  }
  ~RegistryHarness() { store.Stop(); }
  RegistryHarness(const RegistryHarness&) = delete;
  RegistryHarness& operator=(const RegistryHarness&) = delete;

  // Attaches a stream; interval 1 s, timeout 3 s.
  Peer Attach(const std::string& id, const std::string& instance = "i1",
              std::optional<std::uint64_t> resume = std::nullopt, core::Labels labels = {},
              const std::string& address = "10.0.0.1:1000") {
    return Attach(Hello(id, instance, resume, std::move(labels), address));
  }
  Peer Attach(registry::HelloRequest hello) { return *AttachLater(std::move(hello)); }

  // The same with a store that answers later: the peer changes when it does.
  std::shared_ptr<Peer> AttachLater(const std::string& id, const std::string& instance = "i1",
                                    std::optional<std::uint64_t> resume = std::nullopt,
                                    core::Labels labels = {}, const std::string& address = "10.0.0.1:1000") {
    return AttachLater(Hello(id, instance, resume, std::move(labels), address));
  }
  std::shared_ptr<Peer> AttachLater(registry::HelloRequest hello) {
    const auto peer = std::make_shared<Peer>();
    const std::string client_id = hello.info.client_id;
    peer->stream = std::make_shared<RecordingStream>();
    hello.stream = peer->stream;
    registry.Attach(std::move(hello), [this, peer, client_id](absl::StatusOr<registry::Attached> attached) {
      ++peer->answers;
      if (attached.ok()) {
        peer->attached = *std::move(attached);
        peer->record = Record(client_id);
      } else {
        peer->refused = attached.status();
      }
    });
    return peer;
  }

  static registry::HelloRequest Hello(const std::string& id, const std::string& instance = "i1",
                                      std::optional<std::uint64_t> resume = std::nullopt,
                                      core::Labels labels = {},
                                      const std::string& address = "10.0.0.1:1000") {
    registry::HelloRequest hello;
    hello.info.client_id = id;
    hello.info.instance_id = instance;
    hello.info.labels = std::move(labels);
    hello.info.peer_address = address;
    hello.interval = std::chrono::seconds(1);
    hello.timeout = std::chrono::seconds(3);
    hello.resume_incarnation = resume;
    return hello;
  }

  // A valid message on the peer's stream, as server/rpc handles one.
  registry::TouchResult Beat(const Peer& peer) {
    const auto result = peer.attached.session->Touch(peer.attached.attachment, clock.Mono());
    if (result == registry::TouchResult::kRefutes)
      registry.Refute(peer.attached.session, peer.attached.attachment);
    return result;
  }

  // A store that commits at once answers at once.
  absl::StatusOr<core::ClientView> Evict(const std::string& id, const std::string& reason = "") {
    return *EvictLater(id, reason);
  }
  using Evicted = std::shared_ptr<absl::StatusOr<core::ClientView>>;
  Evicted EvictLater(const std::string& id, const std::string& reason = "") {
    const auto evicted =
        std::make_shared<absl::StatusOr<core::ClientView>>(absl::UnknownError("not answered yet"));
    registry.Evict(id, reason,
                   [evicted](absl::StatusOr<core::ClientView> view) { *evicted = std::move(view); });
    return evicted;
  }

  void Close(const Peer& peer, core::StreamEnd how = core::StreamEnd::kConnectionClosed) {
    registry.StreamClosed(peer.attached.session, peer.attached.attachment, how, peer.stream->link);
  }

  // Time passes, ticked as the detector thread does: at every deadline, and at
  // least each 10 ms.
  void Run(common::Duration span) {
    const common::MonoTime end = clock.Mono() + span;
    while (clock.Mono() < end) {
      const common::MonoTime wake =
          std::min({end, std::max(next_tick_, clock.Mono()), clock.Mono() + std::chrono::milliseconds(10)});
      clock.Advance(wake - clock.Mono());
      Tick();
      if (next_tick_ <= clock.Mono()) clock.Advance(std::chrono::microseconds(1));
    }
  }
  // One punctual wake of the detector.
  void Tick() {
    next_tick_ = common::MonoTime::max();
    const common::MonoTime next = registry.Tick(clock.Mono(), clock.Mono());
    next_tick_ = std::min(next_tick_, next);
  }

  // The server does not run for `span`; then one late tick.
  void Stall(common::Duration span) {
    const common::MonoTime expected = clock.Mono();
    clock.Advance(span);
    next_tick_ = registry.Tick(expected, clock.Mono());
  }

  core::RecordPtr Record(const std::string& id) const {
    const auto view = registry.Get(id);
    return view ? view->record : nullptr;
  }
  core::State StateOf(const std::string& id) const {
    const auto record = Record(id);
    return record == nullptr ? core::State::kUnspecified : record->state;
  }

  // All that happened so far, as "id:FROM>TO(CAUSE)".
  std::vector<std::string> Told() const {
    std::vector<std::string> told;
    for (const auto& each : registry.HistoryAfter(0, 1'000'000).transitions) {
      std::string line = std::string(each->after->client_id()) + ":";
      line += each->before == nullptr ? "-" : core::Name(each->before->state);
      line += ">";
      line += core::Name(each->after->state);
      if (each->after->cause != core::Cause::kUnspecified) {
        line += "(" + std::string(core::Name(each->after->cause)) + ")";
      }
      told.push_back(std::move(line));
    }
    return told;
  }

  ManualClock& clock;
  storage::Store& store;
  registry::Registry registry;

 private:
  static registry::RegistryOptions WithServerId(registry::RegistryOptions options) {
    if (options.server_id.empty()) options.server_id = "server-1";
    return options;
  }
  common::MonoTime next_tick_ = common::MonoTime::max();
};

// What a watcher believes who applies all that it is told.
class Replay {
 public:
  void Apply(const registry::WatchItem& item) {
    if (item.gap) {
      records_.clear();
      ++gaps;
    }
    for (const auto& view : item.clients) Put(view.record);
    for (const auto& batch : item.batches) {
      for (const auto& each : batch->transitions()) {
        ++transitions;
        Put(each->after);
      }
      groups.insert(groups.end(), batch->groups().begin(), batch->groups().end());
    }
    if (item.snapshot_done) ++snapshots;
    if (item.revision != 0) revision = item.revision;
  }

  // Pulls until there is nothing left.
  void Drain(registry::Watch& watch) {
    for (auto item = watch.Next(); !item.empty(); item = watch.Next()) Apply(item);
  }

  const std::map<std::string, core::RecordPtr>& records() const { return records_; }

  core::GroupEvents groups;
  int gaps = 0;
  int snapshots = 0;
  int transitions = 0;
  std::uint64_t revision = 0;

 private:
  void Put(const core::RecordPtr& record) {
    auto& known = records_[std::string(record->client_id())];
    if (known == nullptr || known->revision < record->revision) known = record;
    if (known->state == core::State::kForgotten) records_.erase(std::string(record->client_id()));
  }
  std::map<std::string, core::RecordPtr> records_;
};

// The registry's own truth, by id.
inline std::map<std::string, core::RecordPtr> Everything(const registry::Registry& registry) {
  std::map<std::string, core::RecordPtr> all;
  registry::ScanRequest request{.limit = 1'000};
  for (bool done = false; !done;) {
    registry::ScanResult part = registry.Scan(request);
    for (auto& view : part.views) all[std::string(view.record->client_id())] = view.record;
    request.after = part.cursor;
    done = part.done;
  }
  return all;
}

}  // namespace liveness::testing
