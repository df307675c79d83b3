// What befell this server, told by `livenessctl server info` and kept over a restart
// in the data directory. Thread-safe.
//
// A thread of its own writes the file (and, every few seconds, that the server lives):
// a disk that stands or fails costs nothing but the record, and whoever notes an
// incident never waits for it.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/core/fleet/incident_list.h"

namespace liveness::app {

class IncidentLog {
 public:
  static constexpr common::Duration kSignOfLife = std::chrono::seconds(5);
  // How long the end waits for the disk.
  static constexpr common::Duration kLastWrite = std::chrono::seconds(2);

  // Reads what earlier runs left in DIR/incidents; an empty `dir`: only in memory.
  // `clock` lives for ever.
  IncidentLog(const std::string& dir, const common::Clock& clock);
  // What goes on has ended with the server. Writes the rest, within kLastWrite; a
  // disk that stands longer keeps its thread, and that is let go.
  ~IncidentLog();
  IncidentLog(const IncidentLog&) = delete;
  IncidentLog& operator=(const IncidentLog&) = delete;

  // One that is over and took `length`, or that is a moment.
  void Add(core::IncidentKind kind, common::Duration length = {}, std::string_view text = {});
  // One that goes on until End(). While one of the kind does, only the text changes.
  void Begin(core::IncidentKind kind, std::string_view text = {});
  // No-op if none of the kind goes on.
  void End(core::IncidentKind kind);
  // The server stops as it was told to: ends what goes on. Nothing is taken after it.
  void Stop();

  // Oldest first.
  std::vector<core::Incident> Read() const;

 private:
  // Shared with the thread, which may outlive this.
  struct State {
    explicit State(const common::Clock& given) : clock(given) {}
    const common::Clock& clock;
    std::string path;  // empty: none
    common::Mutex mu;
    common::CondVar changed;
    common::CondVar written;
    core::IncidentList list ABSL_GUARDED_BY(mu);
    std::array<std::optional<common::BootTime>, core::kIncidentKinds> begun ABSL_GUARDED_BY(mu);
    bool dirty ABSL_GUARDED_BY(mu) = false;
    bool stopped ABSL_GUARDED_BY(mu) = false;
    bool closing ABSL_GUARDED_BY(mu) = false;
    bool closed ABSL_GUARDED_BY(mu) = false;
  };
  static void EndLocked(State& state, core::IncidentKind kind) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state.mu);
  static void Keep(const std::shared_ptr<State>& state);

  const std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace liveness::app
