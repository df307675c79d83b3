#include "client/src/progress.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/validation.h"

namespace liveness {

void ProgressToken::Advance() const noexcept {
  if (entry_ != nullptr) entry_->advanced.store(entry_->clock->Now(), std::memory_order_relaxed);
}

void ProgressToken::Idle() const noexcept {
  if (entry_ != nullptr) entry_->advanced.store(internal::ProgressEntry::kIdle, std::memory_order_relaxed);
}

namespace internal {

ProgressBoard::ProgressBoard(const common::Clock& clock) : clock_(std::make_shared<RunningClock>(clock)) {}

Result<ProgressToken> ProgressBoard::Add(std::string name, common::Duration deadline) {
  std::vector<common::FieldViolation> violations;
  common::CheckId("name", name, &violations);
  if (deadline <= common::Duration::zero()) violations.push_back({"deadline", "is not positive"});

  common::MutexLock lock(mu_);
  std::erase_if(entries_, [](const auto& entry) { return entry.expired(); });
  if (entries_.size() >= common::kMaxProgressTokens) {
    violations.push_back(
        {"name", absl::StrCat("would be one more than ", common::kMaxProgressTokens, " tokens")});
  }
  for (const auto& watched : entries_) {
    const auto entry = watched.lock();
    if (entry != nullptr && entry->name == name) violations.push_back({"name", "is another token's"});
  }
  if (!violations.empty()) {
    return Error{"BAD_TOKEN", std::string(common::BadFields("BAD_TOKEN", violations).message())};
  }
  auto entry = std::make_shared<ProgressEntry>(std::move(name), deadline, clock_);
  entries_.push_back(entry);
  ProgressToken token(std::move(entry));
  token.Advance();
  return token;
}

void ProgressBoard::StoodStill(common::Duration span) {
  clock_->stood.fetch_add(span.count(), std::memory_order_relaxed);
}

std::vector<ProgressReading> ProgressBoard::Read() {
  std::vector<ProgressReading> readings;
  common::MutexLock lock(mu_);
  std::erase_if(entries_, [](const auto& entry) { return entry.expired(); });
  for (const auto& watched : entries_) {
    const auto entry = watched.lock();
    if (entry == nullptr) continue;
    const std::int64_t advanced = entry->advanced.load(std::memory_order_relaxed);
    // Negative where the token is idle, or advanced during this reading, or before the worker
    // noticed that the whole process had stood still.
    const std::int64_t age = std::max<std::int64_t>(0, clock_->Now() - advanced);
    readings.push_back({entry->name, common::Duration(age), entry->deadline});
  }
  return readings;
}

}  // namespace internal
}  // namespace liveness
