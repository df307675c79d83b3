#include "client/src/session/final_words.h"

#include <utility>

#include "client/src/session/stream_verdict.h"

namespace liveness::internal {

FinalWords::FinalWords(std::vector<int> trust) : trust_(std::move(trust)) {}

void FinalWords::OnWelcome(std::size_t target) {
  welcomed_ = true;
  if (target < trust_.size()) least_ = trust_[target];
}

bool FinalWords::Ends(const StreamEnd& end, std::size_t target, bool served) const {
  if (target < trust_.size() && trust_[target] < least_) return false;
  switch (VerdictOn(end).come_back) {
    case ComeBack::kNever: return true;
    case ComeBack::kNeverHere: return !served;
    case ComeBack::kNeverUnlessKnown: return !welcomed_;
    case ComeBack::kWithToken:
    case ComeBack::kWithoutToken: return false;
  }
  return false;
}

}  // namespace liveness::internal
