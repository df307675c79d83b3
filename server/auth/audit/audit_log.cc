#include "server/auth/audit/audit_log.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <utility>

namespace liveness::auth {
namespace {

constexpr common::Duration kSecond = std::chrono::seconds(1);
constexpr int kStrangersBurst = 1000;

}  // namespace

AuditLog::AuditLog(const common::Clock& clock, std::size_t room)
    : clock_(clock),
      ring_(room),
      authors_({.each = kSecond, .burst = kLinesBurst}),
      strangers_({.each = kSecond / kLinesOfStrangers, .burst = kStrangersBurst}) {}

void AuditLog::Note(AuditEvent event) {
  AuditEventPtr line;
  std::uint64_t left_out = 0;
  {
    common::MutexLock lock(mu_);
    ++figures_.noted[static_cast<std::size_t>(event.outcome)];
    AuditEventPtr noted = ring_.Add(std::move(event), clock_.Wall());
    if (noted->count > 1) ++figures_.folded;
    if (write_ != nullptr && IsLine(*noted)) {
      line = std::move(noted);
      left_out = std::exchange(left_out_, 0);
    }
  }
  if (line != nullptr) write_(line, left_out);
}

bool AuditLog::IsLine(const AuditEvent& event) {
  if (event.outcome != AuditOutcome::kRefused) return true;
  if (!std::has_single_bit(event.count)) return false;
  const common::MonoTime now = clock_.Mono();
  const bool room = authors_.Wait(AuthorOf(event), now) == common::Duration::zero() &&
                    (!event.principal.empty() || strangers_.Wait({}, now) == common::Duration::zero());
  if (room) return true;
  ++left_out_;
  ++figures_.unwritten;
  return false;
}

std::vector<AuditEventPtr> AuditLog::Read() const {
  std::vector<AuditEventPtr> all;
  {
    common::MutexLock lock(mu_);
    all = ring_.All();
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->number < b->number; });
  return all;
}

AuditLog::Figures AuditLog::figures() const {
  common::MutexLock lock(mu_);
  Figures figures = figures_;
  figures.dropped = ring_.dropped();
  figures.kept = ring_.size();
  return figures;
}

}  // namespace liveness::auth
