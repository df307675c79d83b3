// Entries of one sort, of many authors: bounded in all and for each, so that nobody's noise pushes out what
// others did.
//
// An author has a quarter of the room at most, and gives up one of its own beyond that. If all of the room is
// taken, whoever has the most does: who has no more than its even share loses nothing. What is given up is
// the oldest of the kind (what was tried, and why it came to nothing) of which that author has the most, so
// that whoever guessed tokens does not bury that under thousands of ids that it asks for.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/clock.h"
#include "server/auth/audit/audit_event.h"

namespace liveness::auth {

class AuditShelf {
 public:
  // `room`: entries; at least 4.
  explicit AuditShelf(std::size_t room) : room_(room), room_each_(room / kAuthorsShare) {}

  // The entry that is equal to `event` in all but time and number, and began after `since`; null if there is
  // none.
  AuditEventPtr FindEqual(const AuditEvent& event, common::WallTime since) const;
  // Puts `event` in the place of the one with its number. REQUIRES: FindEqual() gave that one.
  void Replace(AuditEventPtr event) { events_.find(event->number)->second = std::move(event); }
  // REQUIRES: a number greater than any before.
  void Add(AuditEventPtr event);

  void AppendTo(std::vector<AuditEventPtr>& all) const;  // oldest first
  std::size_t size() const { return events_.size(); }
  // Entries that gave way to newer ones.
  std::uint64_t dropped() const { return dropped_; }

 private:
  static constexpr std::size_t kAuthorsShare = 4;

  using Numbers = std::set<std::uint64_t>;
  struct Author {
    Numbers numbers;
    std::map<std::string, Numbers> kinds;                    // the same; none without a number
    absl::flat_hash_map<std::string, std::uint64_t> latest;  // of entries that are equal, the newest
  };
  using Authors = std::map<std::string, Author, std::less<>>;
  // Who has the most comes last, of several the one with the oldest entry.
  using Rank = std::tuple<std::size_t, std::uint64_t, std::string_view>;

  static std::string KindOf(const AuditEvent& event);
  static std::string LikenessOf(const AuditEvent& event);
  static Rank RankOf(const Authors::value_type& author);
  void GiveUpOne(Authors::iterator author);

  const std::size_t room_;
  const std::size_t room_each_;
  std::map<std::uint64_t, AuditEventPtr> events_;
  Authors authors_;       // none without an entry
  std::set<Rank> ranks_;  // of all authors
  std::uint64_t dropped_ = 0;
};

}  // namespace liveness::auth
