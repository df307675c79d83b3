// What all checkers have in common: they see each step and may complain.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/core/record/record.h"
#include "server/registry/records/session.h"
#include "server/registry/watch/watch.h"
#include "tests/simulation/rules/truth.h"

namespace liveness::simulation {

struct Complaint {
  std::string what;
  std::string expected;
  std::string got;
};

// An event of a stream that does not speak for its client, and what it moved.
struct StaleEvent {
  const Line* line = nullptr;
  std::uint64_t revision_before = 0, revision_after = 0;
  MonoTime heard_before{}, heard_after{};  // of the client's session
  std::optional<registry::TouchResult> touch;
};

// One invariant. Told everything in the order in which it happens; keeps its
// own picture and its first complaint. Not thread-safe.
class Checker {
 public:
  virtual ~Checker() = default;

  // The registry made a transition at `now`; each is told, in order.
  virtual void OnTold(const core::TransitionPtr&, MonoTime) {}
  // All records as a query shows them, once what the step told was told.
  virtual void OnShown(const std::vector<core::RecordPtr>&, MonoTime) {}
  // A hello with `token` (the incarnation that it names) was welcomed as `line`.
  virtual void OnWelcome(const Line&, std::optional<std::uint64_t> /*token*/, bool /*resumed*/) {}
  // A process spoke on a stream that stood by, at that moment; what the registry said to it, if it was a
  // heartbeat.
  virtual void OnTakeOver(const Line&, std::optional<registry::TouchResult>, MonoTime) {}
  // The close of one stream was read whose session has others.
  virtual void OnOneClosed(const Line&) {}
  // The server, killed, runs again; what it shows and tells next is what it knows.
  virtual void OnRestart() {}
  // A close was read whose process had been waiting for us; `alive`: after it.
  virtual void OnClosedForOurSake(bool /*alive*/) {}
  virtual void OnStale(const StaleEvent&) {}
  // A watcher begins, or begins again where it left (revision > 0).
  virtual void OnWatch(int /*watcher*/, const registry::RecordFilter&, std::uint64_t /*start_revision*/) {}
  virtual void OnPulled(int /*watcher*/, const registry::WatchItem&) {}
  // It is over: everybody was silent for long, every watcher has caught up.
  virtual void OnEnd() {}

  const std::optional<Complaint>& complaint() const { return complaint_; }

 protected:
  void Complain(std::string what, std::string expected, std::string got) {
    if (!complaint_) complaint_ = Complaint{std::move(what), std::move(expected), std::move(got)};
  }

 private:
  std::optional<Complaint> complaint_;
};

inline std::string Millis(Duration span) {
  return std::to_string(static_cast<double>(span.count() / 1'000) / 1'000.0) + " ms";
}

inline std::string Who(const core::ClientRecord& record) {
  return std::string(record.client_id()) + "/" + std::string(record.info.instance_id()) + " (incarnation " +
         std::to_string(record.incarnation) + ", attachment " + std::to_string(record.attachment) + ")";
}

}  // namespace liveness::simulation
