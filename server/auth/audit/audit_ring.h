// What is kept of the audit log: the newest entries of three sorts, each with room of its own, so that none
// pushes out another: what was done, or tried by who may (half of the room), refusals of principals, and of
// strangers (a quarter each). Within each nobody's entries push out another's (audit_shelf.h).
//
// A refusal that is equal to one of the last kFoldWithin is one with it: the entry has their count, when the
// first was and when the last. What was done is never folded.
//
// Not thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/clock.h"
#include "server/auth/audit/audit_event.h"
#include "server/auth/audit/audit_shelf.h"

namespace liveness::auth {

class AuditRing {
 public:
  static constexpr common::Duration kFoldWithin = std::chrono::minutes(10);
  static constexpr std::size_t kLeastRoom = 100;
  // Longer texts are cut: what others choose must not choose how much memory they take.
  static constexpr std::size_t kMostPrincipal = 2048, kMostText = 512;

  // `room`: entries in all, at least kLeastRoom.
  explicit AuditRing(std::size_t room)
      : shelves_{AuditShelf(room / 2), AuditShelf(room / 4), AuditShelf(room / 4)} {}

  // As it is kept; its count is above 1 if it was folded. What `event` says of number, time and count is not
  // looked at.
  AuditEventPtr Add(AuditEvent event, common::WallTime now);

  std::vector<AuditEventPtr> All() const;  // in no order
  std::size_t size() const;
  std::uint64_t dropped() const;  // entries that gave way to newer ones

 private:
  enum Sort : std::size_t { kActs, kPrincipals, kStrangers, kSorts };
  static Sort SortOf(const AuditEvent& event);

  std::array<AuditShelf, kSorts> shelves_;
  std::uint64_t last_ = 0;
};

}  // namespace liveness::auth
