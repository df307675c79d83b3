#include "tests/simulation/silence_found.h"

#include <algorithm>

namespace liveness::simulation {

using core::State;

namespace {

// The detector's lateness, and the wheel's milliseconds.
constexpr Duration kLate = kLateness + std::chrono::milliseconds(2);

}  // namespace

void SilenceFound::OnTold(const core::TransitionPtr& told, MonoTime now) {
  const bool was = told->before != nullptr && told->before->state == State::kSuspect;
  if (told->after->state == State::kSuspect && !was)
    suspect_since_[std::string(told->after->client_id())] = now;
}

void SilenceFound::OnShown(const std::vector<core::RecordPtr>& records, MonoTime now) {
  for (const core::RecordPtr& record : records) {
    if (!core::IsLive(record->state)) continue;
    const Line* line = truth_.Current(record->client_id());
    if (line == nullptr) {
      Complain(Who(*record) + " looks live", "a client that was welcomed", "unknown");
    } else {
      CheckLive(*record, *line, now);
    }
  }
}

Duration SilenceFound::Patience(const Line& line) const {
  Duration patience = line.grace;
  if (holds_.gathering) patience = std::max<Duration>(patience, std::chrono::seconds(1));
  if (holds_.doubt) patience = std::max({patience, line.timeout, Duration(std::chrono::seconds(5))});
  return patience;
}

void SilenceFound::CheckLive(const core::ClientRecord& record, const Line& line, MonoTime now) {
  const Duration patience = Patience(line);
  const Duration silence = truth_.LeastUptime(line.last_read, now);
  if (silence > line.timeout + patience + 2 * kLate) {
    return Complain(Who(record) + " looks live", "dead after " + Millis(line.timeout + patience),
                    "silent for " + Millis(silence));
  }
  if (record.state == State::kSuspect) {
    const Duration suspected = truth_.LeastUptime(suspect_since_[std::string(record.client_id())], now);
    if (suspected <= patience + kLate) return;
    return Complain(Who(record) + " is SUSPECT", "dead after " + Millis(patience),
                    "suspect for " + Millis(suspected));
  }
  if (silence > line.timeout + kLate) {
    return Complain(Who(record) + " is ALIVE", "suspected after " + Millis(line.timeout),
                    "silent for " + Millis(silence));
  }
  if (!line.closed) return;
  const bool we_were_well = truth_.LeastUptime(*line.closed - line.timeout, *line.closed) == line.timeout;
  if (we_were_well) Complain(Who(record) + " is ALIVE", "suspected once its stream closed", "ALIVE");
}

}  // namespace liveness::simulation
