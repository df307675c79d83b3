// A story told by hand, for a checker to judge. Header only.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/registry/watch/watch.h"
#include "tests/simulation/rules/truth.h"

namespace liveness::simulation {

inline MonoTime At(int ms) { return MonoTime(std::chrono::seconds(1'000) + std::chrono::milliseconds(ms)); }

// One client, timeout 300 ms and grace 100 ms, that was welcomed at 0.
class Tale {
 public:
  Tale() {
    line = truth.NewLine("a", "a-1");
    line->incarnation = 1;
    line->attachment = 1;
    line->timeout = std::chrono::milliseconds(300);
    line->grace = std::chrono::milliseconds(100);
    line->last_arrival = line->last_read = At(0);
    truth.Bind(line);
    Tell(core::State::kAlive);
  }

  // The next transition of "a", at revisions 1, 2, 3...
  core::TransitionPtr Tell(core::State state, core::Cause cause = core::Cause::kUnspecified) {
    auto after = last == nullptr ? std::make_shared<core::ClientRecord>()
                                 : std::make_shared<core::ClientRecord>(*last);
    if (last == nullptr) {
      after->info = core::PackedInfo(core::ClientInfo{.client_id = "a", .instance_id = "a-1"});
      after->server_id = std::make_shared<const std::string>("server");
      after->incarnation = 1;
      after->attachment = 1;
    }
    after->state = state;
    after->cause = cause;
    after->revision = last == nullptr ? 1 : last->revision + 1;
    auto told = std::make_shared<const core::Transition>(core::Transition{last, after, {}});
    last = after;
    story.push_back(told);
    return told;
  }
  // The record as it is, of another incarnation and attachment.
  core::RecordPtr As(std::uint64_t incarnation, std::uint64_t attachment) const {
    auto record = std::make_shared<core::ClientRecord>(*last);
    record->incarnation = incarnation;
    record->attachment = attachment;
    return record;
  }
  registry::WatchItem Item(std::vector<core::TransitionPtr> told, std::uint64_t revision) const {
    registry::WatchItem item;
    if (!told.empty()) item.batches.push_back(std::make_shared<registry::Batch>(std::move(told)));
    item.revision = revision;
    return item;
  }
  registry::WatchItem Snapshot() const {
    registry::WatchItem item;
    item.clients.push_back({last, {}});
    item.snapshot_done = true;
    item.revision = last->revision;
    return item;
  }

  Truth truth;
  std::shared_ptr<Line> line;
  core::RecordPtr last;
  std::vector<core::TransitionPtr> story;
};

}  // namespace liveness::simulation
