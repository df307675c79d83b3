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
  static constexpr int kLinesPerSecond = 20;
  static constexpr int kLinesOfOne = kLinesPerSecond / 2;

  // `clock` outlives the log.
  explicit EndLog(const common::Clock& clock) : clock_(clock) {}

  // `client_id` may be empty; the texts are fit for a line (no control characters).
  // `reason` is a word of ours: there are a few dozen.
  void Write(std::string_view reason, std::string_view client_id, std::string_view peer,
             std::string_view message);
  // Since the start, by reason.
  std::map<std::string, std::uint64_t> counts() const;

 private:
  struct Budget {
    common::MonoTime second{};
    int lines = 0;
    absl::flat_hash_map<std::string, int> lines_of;  // each address; few, because there are few lines
    std::uint64_t total = 0;
    std::uint64_t left_out = 0;
  };

  const common::Clock& clock_;
  mutable common::Mutex mu_;
  absl::flat_hash_map<std::string, Budget> budgets_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::rpc
