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
    if (now - budget.second >= std::chrono::seconds(1)) {
      budget.second = now;
      budget.lines = 0;
      budget.lines_of.clear();
      left_out = std::exchange(budget.left_out, 0);
    }
    if (rate_ != 0 && !TakeLine(budget, core::VoiceOf("", peer))) {
      ++budget.left_out;
      ++left_out_;
      return;
    }
  }
  if (left_out != 0) spdlog::warn("stream ended: {}: {} more lines were left out", reason, left_out);
  spdlog::warn("stream ended: {}: client {} at {}: {}", reason, client_id.empty() ? "(unknown)" : client_id,
               peer, message);
}

bool EndLog::TakeLine(Budget& budget, const std::string& address) const {
  if (budget.lines == rate_) return false;
  std::uint32_t& of_one = budget.lines_of[address];
  if (of_one == (rate_ + 1) / 2) return false;
  ++of_one;
  ++budget.lines;
  return true;
}

std::uint64_t EndLog::left_out() const {
  common::MutexLock lock(mu_);
  return left_out_;
}

std::map<std::string, std::uint64_t> EndLog::counts() const {
  std::map<std::string, std::uint64_t> counts;
  common::MutexLock lock(mu_);
  for (const auto& [reason, budget] : budgets_) counts.emplace(reason, budget.total);
  return counts;
}

}  // namespace liveness::rpc
