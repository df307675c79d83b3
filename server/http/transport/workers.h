// The threads that do what would keep the HTTP thread busy: JSON, lists, metrics. Thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace liveness::http {

class Workers {
 public:
  Workers(int threads, std::size_t max_queued_jobs);
  // As Stop().
  ~Workers();

  // False, and nothing happens, if too many wait or after Stop().
  bool Run(std::function<void()> job);
  // Ends what runs, drops what waits, and joins. Once.
  void Stop();

 private:
  struct Pool;
  const std::unique_ptr<Pool> pool_;
};

}  // namespace liveness::http
