// A client may make before it breaks: streams that it opened beside its own stand by, and it speaks on one of
// them.
//
//   bound: 4      5, 6 and 7 stand by      4 closes       no event: 5, 6 and 7 are there
//   it speaks on 6                         it is heard    5 is over, 7 stands by
//   6 closes, then 7                       now its session has lost its stream
//
// While a session has a stream, the bound one or one that stands by, nobody is suspected or dead because a
// stream has ended: only silence counts. And a client that speaks on a stream that stands by is heard,
// whatever closes before, meanwhile or after, unless its session is over.
//
// By the script's own account of the streams (truth.h), as it was when the server decided.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/rules/checker.h"

namespace liveness::simulation {

class MakeBeforeBreak final : public Checker {
 public:
  explicit MakeBeforeBreak(const Truth& truth) : truth_(truth) {}
  void OnTold(const core::TransitionPtr& told, MonoTime now) override;
  void OnShown(const std::vector<core::RecordPtr>& records, MonoTime now) override;
  void OnTakeOver(const Line& line, std::optional<registry::TouchResult> touch, MonoTime now) override;
  void OnRestart() override { unheard_.clear(); }

 private:
  // The first word on a stream that was not taken, which is right only if its session has ended.
  struct Unheard {
    std::uint64_t incarnation = 0;
    MonoTime at{};
  };

  const Truth& truth_;
  std::map<std::string, Unheard, std::less<>> unheard_;  // by client
};

}  // namespace liveness::simulation
