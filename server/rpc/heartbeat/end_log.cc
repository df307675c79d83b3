#include "server/rpc/heartbeat/end_log.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "server/core/fleet/scopes.h"

namespace liveness::rpc {

void EndLog::Write(std::string_view reason, std::string_view client_id, std::string_view peer,
                   std::string_view message) {
  std::uint64_t left_out = 0;
  {
    const common::MonoTime now = clock_.Mono();
    common::MutexLock lock(mu_);
    Budget& budget = budgets_[std::string(reason)];
    ++budget.total;
    if (budget.lines == 0 || now - budget.second >= std::chrono::seconds(1)) {
      budget.second = now;
      budget.lines = 0;
      budget.lines_of.clear();
      left_out = std::exchange(budget.left_out, 0);
    }
    const std::string address = core::VoiceOf("", peer);
    const auto of_one = budget.lines_of.find(address);
    const bool too_many = of_one != budget.lines_of.end() && of_one->second == kLinesOfOne;
    if (budget.lines == kLinesPerSecond || too_many) {
      ++budget.left_out;
      return;
    }
    ++budget.lines;
    ++budget.lines_of[address];
  }
  if (left_out != 0) spdlog::warn("stream ended: {}: {} more lines were left out", reason, left_out);
  spdlog::warn("stream ended: {}: client {} at {}: {}", reason, client_id.empty() ? "(unknown)" : client_id,
               peer, message);
}

std::map<std::string, std::uint64_t> EndLog::counts() const {
  std::map<std::string, std::uint64_t> counts;
  common::MutexLock lock(mu_);
  for (const auto& [reason, budget] : budgets_) counts.emplace(reason, budget.total);
  return counts;
}

}  // namespace liveness::rpc
