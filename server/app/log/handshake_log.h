// TLS handshakes that failed, as lines of the log: who cannot come in would otherwise
// leave no trace on the server. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "common/clock.h"
#include "common/mutex.h"

namespace liveness::app {

// Why, if gRPC's log line `message`, from its source `file`, tells of such a handshake.
std::optional<std::string> HandshakeFailure(std::string_view file, std::string_view message);

// At most so many lines a second; what was left out is counted in the next one.
class HandshakeLog {
 public:
  static constexpr int kLinesPerSecond = 10;

  // `clock` outlives the log.
  explicit HandshakeLog(const common::Clock& clock) : clock_(clock) {}
  void Write(const std::string& why);

 private:
  const common::Clock& clock_;
  common::Mutex mu_;
  common::MonoTime second_ ABSL_GUARDED_BY(mu_){};
  int lines_ ABSL_GUARDED_BY(mu_) = 0;
  std::uint64_t left_out_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace liveness::app
