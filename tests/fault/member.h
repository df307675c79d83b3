// One client of a fleet. Its process's main thread alone calls it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "tests/fault/status_board.h"

namespace liveness::fault {

struct MemberOptions {
  std::string target;  // of a library member: several, with commas between
  std::string client_id;
  std::chrono::nanoseconds interval{};
  std::chrono::nanoseconds timeout{};
  std::map<std::string, std::string> labels;
  // Accrual detection with this level; 0: fixed. Of raw members only.
  double phi = 0;
  // A line for each change of its state, and for its goodbye; empty: none. Of library members only.
  std::string log;
};

class Member {
 public:
  virtual ~Member() = default;

  // Called again and again: brings the slot up to date.
  virtual void Tick() {}
  // Changes its labels, which makes one transition.
  virtual void Churn(std::uint64_t) {}
  // Ends the stream without goodbye on a connection that stays open.
  virtual void Cancel() {}
  virtual void HalfClose() {}
  // Leaves in good order.
  virtual void Goodbye() {}
};

// A stream that pings whatever comes back, and never reconnects: what it sent
// last is known to the nanosecond.
std::unique_ptr<Member> NewRawMember(MemberOptions options, Slot& slot);

// liveness::Client, as an application has it.
std::unique_ptr<Member> NewLibraryMember(MemberOptions options, Slot& slot);

}  // namespace liveness::fault
