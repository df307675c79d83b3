// What takes in a watch, piece by piece and in its order: a printer, a runner of commands, whoever waits for
// one of its changes. Each takes what it is concerned with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "liveness/v1/registry_service.pb.h"

namespace liveness::cli {

class WatchSink {
 public:
  virtual ~WatchSink() = default;

  // A part of a snapshot, and the snapshot's end.
  virtual void Client(const v1::Client& /*client*/) {}
  virtual void SnapshotDone(std::uint64_t /*clients*/, std::uint64_t /*revision*/,
                            const std::string& /*history_id*/) {}
  virtual void Transition(const v1::Transition& /*transition*/) {}
  // A mass failure. Comes before the transitions of its revision.
  virtual void Group(const v1::GroupEvent& /*group*/) {}
  // Changes are lost: a snapshot that replaces all that was told follows.
  virtual void Gap(std::uint64_t /*after_revision*/, std::uint64_t /*resumes_at_revision*/,
                   std::string_view /*why*/) {}

  // No server could be connected to so far; it is tried again.
  virtual void NotYet(const std::string& /*why*/) {}
  // Nothing is known from here on, until what was missed follows Resumed().
  virtual void Disconnected(const std::string& /*why*/, std::uint64_t /*revision*/) {}
  virtual void Resumed(const std::string& /*server*/, common::Duration /*away*/, std::uint64_t /*revision*/) {
  }
};

}  // namespace liveness::cli
