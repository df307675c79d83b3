// One log line for every stream that ends badly, and no more than a few a second of each
// reason, because a client that floods the server must not flood the log, and of these no more than half from
// one address (an IPv6 one's /64), because nor must it hide what others' streams ended with. All are counted.
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "common/clock.h"
#include "common/mutex.h"

namespace liveness::rpc {

class EndLog {
 public:
  // `clock` outlives the log. `rate`: lines of each reason in a second; 0: no limit.
  EndLog(const common::Clock& clock, std::uint32_t rate) : clock_(clock), rate_(rate) {}

  // `client_id` may be empty; the texts are fit for a line (no control characters).
  // `reason` is a word of ours: there are a few dozen.
  void Write(std::string_view reason, std::string_view client_id, std::string_view peer,
             std::string_view message);
  // Since the start, by reason.
  std::map<std::string, std::uint64_t> counts() const;
  // Lines that were not written, since the start.
  std::uint64_t left_out() const;

 private:
  struct Budget {
    common::MonoTime second{};
    std::uint32_t lines = 0;
    absl::flat_hash_map<std::string, std::uint32_t> lines_of;  // each address; no more than there are lines
    std::uint64_t total = 0;
    std::uint64_t left_out = 0;
  };

  // Takes one of that address off `budget`. False if there is none.
  bool TakeLine(Budget& budget, const std::string& address) const;

  const common::Clock& clock_;
  const std::uint32_t rate_;
  mutable common::Mutex mu_;
  absl::flat_hash_map<std::string, Budget> budgets_ ABSL_GUARDED_BY(mu_);
  std::uint64_t left_out_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace liveness::rpc
