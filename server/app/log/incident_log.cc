#include "server/app/log/incident_log.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "common/thread_name.h"
#include "server/app/log/incident_file.h"

namespace liveness::app {

using common::MutexLock;
using core::IncidentKind;

IncidentLog::IncidentLog(const std::string& dir, const common::Clock& clock)
    : state_(std::make_shared<State>(clock)) {
  if (dir.empty()) return;
  state_->path = dir + "/incidents";
  IncidentContents earlier = ReadIncidents(state_->path);
  {
    MutexLock lock(state_->mu);
    state_->list.Restore(std::move(earlier.incidents), earlier.last_sign, clock.Wall());
  }
  thread_ = std::thread([state = state_] { Keep(state); });
}

IncidentLog::~IncidentLog() {
  if (!thread_.joinable()) return;
  const common::MonoTime give_up = state_->clock.Mono() + kLastWrite;
  bool closed = false;
  {
    MutexLock lock(state_->mu);
    state_->closing = true;
    state_->changed.NotifyOne();
    while (!state_->closed) {
      const common::Duration left = give_up - state_->clock.Mono();
      if (left <= common::Duration::zero()) break;
      state_->written.WaitFor(state_->mu, left);
    }
    closed = state_->closed;
  }
  if (closed) {
    thread_.join();
    return;
  }
  spdlog::warn("{}: the disk does not answer, the last incidents are not kept", state_->path);
  thread_.detach();
}

void IncidentLog::Add(IncidentKind kind, common::Duration length, std::string_view text) {
  MutexLock lock(state_->mu);
  if (state_->stopped) return;
  state_->list.Add(kind, state_->clock.Wall(), length, text);
  state_->dirty = true;
  state_->changed.NotifyOne();
}

void IncidentLog::Begin(IncidentKind kind, std::string_view text) {
  MutexLock lock(state_->mu);
  if (state_->stopped) return;
  state_->list.Begin(kind, state_->clock.Wall(), text);
  auto& begun = state_->begun[static_cast<std::size_t>(kind)];
  if (!begun) begun = state_->clock.Boot();
  state_->dirty = true;
  state_->changed.NotifyOne();
}

void IncidentLog::End(IncidentKind kind) {
  MutexLock lock(state_->mu);
  EndLocked(*state_, kind);
}

void IncidentLog::EndLocked(State& state, IncidentKind kind) {
  auto& begun = state.begun[static_cast<std::size_t>(kind)];
  if (!begun) return;
  state.list.End(kind, state.clock.Wall(), state.clock.Boot() - *begun);
  begun.reset();
  state.dirty = true;
  state.changed.NotifyOne();
}

void IncidentLog::Stop() {
  MutexLock lock(state_->mu);
  if (std::exchange(state_->stopped, true)) return;
  for (std::size_t kind = 0; kind < core::kIncidentKinds; ++kind) {
    EndLocked(*state_, static_cast<IncidentKind>(kind));
  }
  state_->list.Add(IncidentKind::kStopped, state_->clock.Wall(), {}, {});
  state_->dirty = true;
  state_->changed.NotifyOne();
}

std::vector<core::Incident> IncidentLog::Read() const {
  MutexLock lock(state_->mu);
  return state_->list.all();
}

void IncidentLog::Keep(const std::shared_ptr<State>& state) {
  common::NameThisThread("live-incidents");
  bool complained = false;
  bool closing = false;
  bool begun = false;  // a server that did not come to serve leaves the file as it was
  while (!closing) {
    std::vector<core::Incident> incidents;
    bool write = false;
    common::WallTime now{};
    {
      MutexLock lock(state->mu);
      if (!state->dirty && !state->closing) state->changed.WaitFor(state->mu, kSignOfLife);
      closing = state->closing;
      write = std::exchange(state->dirty, false);
      now = state->clock.Wall();
      if (write) incidents = state->list.all();
    }
    begun = begun || write;
    if (!begun) continue;
    absl::Status kept = write ? WriteIncidents(state->path, incidents) : absl::OkStatus();
    if (kept.ok()) kept = TouchIncidents(state->path, now);
    if (kept.ok()) {
      complained = false;
      continue;
    }
    if (!closing && !std::exchange(complained, true))
      spdlog::warn("incidents are not kept: {}", std::string(kept.message()));
    MutexLock lock(state->mu);
    state->dirty = true;
    // Not again at once: a disk that is full stays so for a while.
    if (!state->closing) state->changed.WaitFor(state->mu, kSignOfLife);
  }
  MutexLock lock(state->mu);
  state->closed = true;
  state->written.NotifyOne();
}

}  // namespace liveness::app
