// Proof that the application works, and not only the thread that beats.
//
//   auto token = client->Progress("consumer", std::chrono::seconds(30));
//   if (!token) return Fail(token.error().message);
//   while (running) {
//     std::optional<Item> item;
//     {
//       auto idle = token->WhileIdle();  // an empty queue is no fault
//       item = queue.Pop();
//     }                                  // here it advances
//     Handle(*item);                     // 30 s without an Advance(): STALLED
//   }
//
// A heartbeat comes from a thread of the library, so a worker that hangs in a
// deadlock would go on looking well. A token tells with each ping how long ago
// its worker last advanced. When that is longer than the token's deadline the
// server takes the client for STALLED: a health, told like any change. The
// state stays ALIVE, and after the next Advance() the next ping makes the health OK.
//
// Choose the deadline well above the longest step between two calls of
// Advance(); a long step may advance in its middle. A stall is found a deadline
// and at most one heartbeat interval after the last advance. Time in which the
// whole process did not run (stopped, starved) makes no token stale.
//
// One token for each worker: a token that several workers share is stale only when all
// of these stand, and idle as soon as one of them says so.
#pragma once

#include <memory>
#include <utility>

namespace liveness {

namespace internal {
class ProgressBoard;
struct ProgressEntry;
}  // namespace internal

// Movable; a token that was moved from, or made from nothing, does nothing.
// Destroying a token ends it: the worker is done, and nobody waits for its progress any more.
// A token may outlive its client. In a forked child a token does nothing.
//
// Thread-safe: Advance() and Idle() may be called from any thread, also from
// several at a time; not while the token is moved, assigned or destroyed.
class ProgressToken {
 public:
  ProgressToken() = default;
  ~ProgressToken() = default;
  ProgressToken(ProgressToken&&) noexcept = default;
  ProgressToken& operator=(ProgressToken&&) noexcept = default;

  // The worker has just shown that it works; ends Idle(). Costs one reading of
  // the clock and one relaxed atomic store: fit for an inner loop.
  void Advance() const noexcept;

  // The worker waits for work: never stale until the next Advance().
  void Idle() const noexcept;

  // Idle() now, Advance() at the end of the scope. REQUIRES: the token outlives
  // the scope and is not moved meanwhile.
  class [[nodiscard]] IdleScope {
   public:
    explicit IdleScope(const ProgressToken& token) : token_(token) { token_.Idle(); }
    ~IdleScope() { token_.Advance(); }
    IdleScope(const IdleScope&) = delete;
    IdleScope& operator=(const IdleScope&) = delete;

   private:
    const ProgressToken& token_;
  };
  IdleScope WhileIdle() const { return IdleScope(*this); }

 private:
  friend class internal::ProgressBoard;
  explicit ProgressToken(std::shared_ptr<internal::ProgressEntry> entry) : entry_(std::move(entry)) {}

  std::shared_ptr<internal::ProgressEntry> entry_;
};

}  // namespace liveness
