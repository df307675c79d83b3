// How many of those who speak for clients have lost them: what self-doubt asks besides how many clients fell
// (self_doubt.h).
//
// Whoever may beat under one id may, as a rule, beat under thousands: a principal that lets 10,000 of its own
// fall at once would be nine tenths of all, and make the server doubt itself and hold back the deaths of
// others. So clients of one principal, or of one address where nobody proves who it is, are one voice. Each
// voice counts the same, and says what share of its clients fell.
//
// An example: 50 services with a client each, and one with 10,000 that fall together:
//
//   clients   10,000 of 10,050 fell      99 %
//   voices    1 of 51                     2 %    no reason to doubt oneself
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "absl/container/btree_map.h"

namespace liveness::core {

class Voices {
 public:
  // `members` and `fallen` more of `voice`, negative: fewer.
  void Add(const std::string& voice, std::int64_t members, std::int64_t fallen);

  // 0 to 1; 0 without a voice.
  double FallenShare() const;
  // Clients of all voices but the one that has most.
  std::int64_t BesideTheLargest() const;
  std::size_t size() const { return voices_.size(); }

 private:
  struct Voice {
    std::int64_t members = 0;
    std::int64_t fallen = 0;
    double share() const {
      return members == 0 ? 0 : static_cast<double>(fallen) / static_cast<double>(members);
    }
  };
  void Resize(std::int64_t before, std::int64_t after);

  absl::btree_map<std::string, Voice> voices_;
  absl::btree_map<std::int64_t, std::int64_t> by_members_;  // how many voices have so many
  std::int64_t members_ = 0;
  std::int64_t fallen_ = 0;
  double shares_ = 0;  // of all voices, added up
};

}  // namespace liveness::core
