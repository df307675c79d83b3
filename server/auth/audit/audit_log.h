// The audit log: who did what, and who was refused. Bounded (audit_ring.h); what it tells to a file is
// bounded too, so that no stranger fills a disk.
//
// Thread-safe. To note something takes microseconds and waits for nothing but a short lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "common/clock.h"
#include "common/mutex.h"
#include "server/auth/audit/audit_event.h"
#include "server/auth/audit/audit_ring.h"
#include "server/core/time/rate_table.h"

namespace liveness::auth {

class AuditLog {
 public:
  // What was done, and what came to nothing, is a line each. A refusal is a line when its entry begins and
  // when its count has doubled, but no more than these: at length one a second of each author (at once
  // kLinesBurst), and kLinesOfStrangers a second of all strangers together.
  static constexpr int kLinesBurst = 60;
  static constexpr int kLinesOfStrangers = 10;

  // Since the start.
  struct Figures {
    std::array<std::uint64_t, static_cast<std::size_t>(kLastAuditOutcome) + 1> noted{};  // by outcome
    std::uint64_t folded = 0;     // of these, counted with an entry that was there
    std::uint64_t dropped = 0;    // entries that gave way to newer ones
    std::uint64_t unwritten = 0;  // lines that were too many
    std::size_t kept = 0;         // entries now
  };

  // `room`: entries that are kept, at least AuditRing::kLeastRoom. `clock` outlives the log.
  AuditLog(const common::Clock& clock, std::size_t room);

  // Takes each event that is to be a line, and how many were left out before it because they were too many.
  // Must not wait. REQUIRES: nothing was noted yet.
  using Write = std::function<void(const AuditEventPtr& event, std::uint64_t left_out)>;
  void WriteTo(Write write) { write_ = std::move(write); }

  // Number, time and count are the log's.
  void Note(AuditEvent event);

  std::vector<AuditEventPtr> Read() const;  // by number
  Figures figures() const;

 private:
  // Whether it is to be a line.
  bool IsLine(const AuditEvent& event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const common::Clock& clock_;
  Write write_;
  mutable common::Mutex mu_;
  AuditRing ring_ ABSL_GUARDED_BY(mu_);
  core::RateTable<std::string> authors_ ABSL_GUARDED_BY(mu_);
  core::RateTable<std::string> strangers_ ABSL_GUARDED_BY(mu_);
  Figures figures_ ABSL_GUARDED_BY(mu_);
  std::uint64_t left_out_ ABSL_GUARDED_BY(mu_) = 0;  // since the last line
};

}  // namespace liveness::auth
