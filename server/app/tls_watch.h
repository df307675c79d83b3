// Looks after the server's certificates: takes renewed files, and tells ahead of time
// that one will expire. Not thread-safe: main's.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "server/app/log/incident_log.h"
#include "server/auth/tls.h"

namespace liveness::app {

// How near the end is: 0 far, then one more at 30, 14, 7 and 1 days before it; the
// last: it has expired. Pure.
inline constexpr int kExpired = 5;
int ExpiryStage(common::WallTime not_after, common::WallTime now);

class TlsWatch {
 public:
  // Says what is in use, and what of it is not valid (for long). `changed` is called
  // when the server's own certificate expires or is a good one again. All outlive this.
  TlsWatch(auth::ServerTls& tls, const common::Clock& clock, IncidentLog& incidents,
           std::function<void()> changed);

  // To be called every second or so: takes files that have changed. What is wrong with
  // them is said once, and only if it is still so at the next look: files are renewed
  // one after the other.
  void Look();
  // Because somebody asks for it: reads the files in any case, and returns what came
  // of it as a part of a sentence.
  std::string Reload();

 private:
  std::string TakeFiles();
  void Refused(const absl::Status& why);
  void TellAll();
  void TellExpiry();

  auth::ServerTls& tls_;
  const common::Clock& clock_;
  IncidentLog& incidents_;
  const std::function<void()> changed_;
  absl::Status waiting_;     // of the last look; told at the next
  std::vector<int> stages_;  // told of each certificate
  bool expired_ = false;
};

}  // namespace liveness::app
