// How fast one address may open connections: a token bucket for each.
//
// Kept as the moment at which the bucket will be full again (the generic cell rate
// algorithm): each connection moves it on by 1/rate, and one that would move it
// further than `burst` connections ahead of now is refused. An address whose moment
// has passed is as good as a new one and forgotten.
//
// An IPv6 peer counts by its /64, which is what one host is given. Bounded: beyond
// `capacity` addresses the one seen first is forgotten. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "absl/container/flat_hash_map.h"
#include "common/clock.h"
#include "server/net/endpoint.h"

namespace liveness::net {

class ConnectionRate {
 public:
  struct Options {
    std::uint32_t per_second = 0;  // 0: no limit
    std::uint32_t burst = 1;       // how many at once, from rest
    std::size_t capacity = 65'536;
  };

  explicit ConnectionRate(const Options& options);

  // True, and one is counted, if the address of `remote` may open another connection now.
  bool Admit(const Endpoint& remote, common::MonoTime now);

  std::size_t size() const { return full_at_.size(); }

 private:
  using Key = std::array<std::uint8_t, 16>;
  void ForgetOld(common::MonoTime now);

  const common::Duration each_;
  const common::Duration most_ahead_;
  const std::size_t capacity_;
  absl::flat_hash_map<Key, common::MonoTime> full_at_;
  std::deque<Key> oldest_first_;
};

}  // namespace liveness::net
