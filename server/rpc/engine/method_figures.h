// What became of the calls of one method: how many began, how each ended, and how long the unary ones took.
// Thread-safe; each figure is right by itself.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/measure/histogram.h"

namespace liveness::rpc {

class MethodFigures {
 public:
  // OK to UNAUTHENTICATED.
  static constexpr std::size_t kCodes = 17;
  enum class Shape : std::uint8_t { kUnary, kStream };

  explicit MethodFigures(Shape shape) : shape_(shape) {}

  void Began() { began_.fetch_add(1, std::memory_order_relaxed); }
  // `took`: from the call to its end. A code that gRPC does not know counts as UNKNOWN.
  void Ended(absl::StatusCode code, common::Duration took) {
    const auto number = static_cast<std::size_t>(code);
    const std::size_t known = number < kCodes ? number : static_cast<std::size_t>(absl::StatusCode::kUnknown);
    ended_[known].fetch_add(1, std::memory_order_relaxed);
    if (shape_ == Shape::kUnary) times_.Add(took);
  }

  Shape shape() const { return shape_; }
  std::uint64_t began() const { return began_.load(std::memory_order_relaxed); }
  std::uint64_t ended(std::size_t code) const { return ended_[code].load(std::memory_order_relaxed); }
  // Of streams there are none: how long one lasts says nothing of the server.
  common::Histogram::Reading times() const { return times_.Read(); }

 private:
  const Shape shape_;
  std::atomic<std::uint64_t> began_{0};
  std::array<std::atomic<std::uint64_t>, kCodes> ended_{};
  common::Histogram times_{common::kAnswerBounds};
};

// One call's part in them: it ends once, however many say so. Thread-safe.
class CallFigures {
 public:
  // `method` outlives it. REQUIRES: once, before all else.
  void Begin(MethodFigures& method, common::MonoTime now) {
    began_at_ = now;
    method.Began();
    method_.store(&method, std::memory_order_release);
  }
  // Nothing if it has ended, or never began.
  void End(absl::StatusCode code, common::MonoTime now) {
    MethodFigures* const method = method_.exchange(nullptr, std::memory_order_acq_rel);
    if (method != nullptr) method->Ended(code, now - began_at_);
  }

 private:
  std::atomic<MethodFigures*> method_{nullptr};
  common::MonoTime began_at_{};
};

}  // namespace liveness::rpc
