// One server per data directory.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace liveness::app {

// Holds DIR/lock with flock(2) until it is destroyed or the process ends, also
// by SIGKILL. The file stays; its text, the holder's pid, is for people.
class DataDirLock {
 public:
  // Makes the directory if it is missing. FAILED_PRECONDITION if another process
  // holds it; the message says what to do.
  static absl::StatusOr<std::unique_ptr<DataDirLock>> Take(const std::string& dir);
  ~DataDirLock();
  DataDirLock(const DataDirLock&) = delete;
  DataDirLock& operator=(const DataDirLock&) = delete;

 private:
  explicit DataDirLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace liveness::app
