// Tells when nobody reads standard output any more: `livenessctl watch | head -1` is to end with `head`, and
// not at the next change, which may come tomorrow.
#pragma once

#include <functional>
#include <thread>

namespace liveness::cli {

// True if the reader of `fd` (a pipe's, a socket's, a terminal's) has gone away.
bool ReaderIsGone(int fd);

class ReaderWatcher {
 public:
  // Calls `on_gone` once, on a thread of its own, when the reader of standard output goes away. For a file,
  // which has no reader, that is never.
  explicit ReaderWatcher(std::function<void()> on_gone);
  ~ReaderWatcher();
  ReaderWatcher(const ReaderWatcher&) = delete;
  ReaderWatcher& operator=(const ReaderWatcher&) = delete;

 private:
  int stop_ = -1;  // an eventfd
  std::thread thread_;
};

}  // namespace liveness::cli
