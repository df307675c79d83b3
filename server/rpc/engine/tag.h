// What a completion queue hands back: something to run.
#pragma once

#include <atomic>

namespace liveness::rpc {

// One tag stands for one operation at a time. Whoever starts the operation
// passes `Arm()`; the queue's thread calls `Fire()` when it is done.
//
// The atomic hands over what was written before the operation to the thread
// that runs its end. gRPC does so too, but with locks that a thread sanitizer
// cannot see in Debian's library.
class Tag {
 public:
  void* Arm() {
    armed_.store(true, std::memory_order_release);
    return this;
  }
  void Fire(bool ok) {
    (void)armed_.load(std::memory_order_acquire);
    Run(ok);
  }

 protected:
  ~Tag() = default;
  // `ok` is what the queue said. May destroy the tag.
  virtual void Run(bool ok) = 0;

 private:
  std::atomic<bool> armed_{false};
};

// A tag that calls a member function of its owner, in which it lives.
template <typename Owner, void (Owner::*Method)(bool ok)>
class MemberTag final : public Tag {
 public:
  explicit MemberTag(Owner* owner) : owner_(owner) {}

 private:
  void Run(bool ok) override { (owner_->*Method)(ok); }
  Owner* const owner_;
};

}  // namespace liveness::rpc
