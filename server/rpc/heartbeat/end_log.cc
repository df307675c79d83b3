#include "server/rpc/heartbeat/end_log.h"

#include <utility>

#include <spdlog/spdlog.h>

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
      left_out = std::exchange(budget.left_out, 0);
    }
    if (budget.lines == kLinesPerSecond) {
      ++budget.left_out;
      return;
    }
    ++budget.lines;
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
