// The numbers of a client's hellos (`attempt` on the wire): one row over all its streams, so that
// a server recognizes a hello that was overtaken by a newer one.
//
// A server that takes the newest hello for an overtaken one has heard a greater number from another
// process under our instance id. The next hello goes without a number then, and the resume tokens decide.
//
// Pure; not thread-safe: OpenStreams owns the only one of a client.
#pragma once

#include <cstdint>
#include <utility>

namespace liveness::internal {

class HelloNumbers {
 public:
  // The number of the hello that is sent now; 0: this hello goes without one.
  std::uint32_t Next() { return std::exchange(omit_next_, false) ? 0 : ++newest_; }
  // False for 0.
  bool IsNewest(std::uint32_t number) const { return number != 0 && number == newest_; }
  void OmitNext() { omit_next_ = true; }

 private:
  std::uint32_t newest_ = 0;
  bool omit_next_ = false;
};

}  // namespace liveness::internal
