#include "tests/simulation/rules/silence_found.h"

#include <algorithm>

namespace liveness::simulation {

using core::State;

namespace {

// The detector's lateness, and the wheel's milliseconds.
constexpr Duration kLate = kLateness + std::chrono::milliseconds(2);

}  // namespace

void SilenceFound::OnTold(const core::TransitionPtr& told, MonoTime now) {
  const core::ClientRecord& after = *told->after;
  if (told->before == nullptr || told->before->attachment != after.attachment) {
    begun_[std::string(after.client_id())] = {after.incarnation, truth_.Decided(*told, now)};
  }
  const bool was = told->before != nullptr && told->before->state == State::kSuspect &&
                   told->before->evidence == after.evidence;
  if (after.state == State::kSuspect && !was) suspect_since_[std::string(after.client_id())] = now;
}

void SilenceFound::OnShown(const std::vector<core::RecordPtr>& records, MonoTime now) {
  for (const core::RecordPtr& record : records) {
    if (!core::IsLive(record->state)) continue;
    const Line* line = truth_.Current(record->client_id());
    const Begun& begun = begun_[std::string(record->client_id())];
    if (line != nullptr && line->life == truth_.life() && line->incarnation == record->incarnation) {
      CheckLive(*record, *line, now);
    } else if (begun.incarnation == record->incarnation && truth_.serving_since().value_or(now) <= begun.at) {
      // Its stream was gone before its welcome: what follows waits for the store.
      const Duration lived = truth_.LeastUptime(begun.at, now);
      if (lived <= truth_.hello_slack + kLate) continue;
      Complain(Who(*record) + " looks live", "a client that was welcomed", "not for " + Millis(lived));
    } else if (truth_.life() == 0) {
      Complain(Who(*record) + " looks live", "a client that was welcomed", "unknown");
    } else {
      CheckOrphan(*record, now);
    }
  }
}

Duration SilenceFound::Patience(Duration least, Duration timeout) const {
  Duration patience = least;
  if (holds_.gathering) patience = std::max<Duration>(patience, std::chrono::seconds(1));
  if (holds_.doubt) patience = std::max({patience, timeout, Duration(std::chrono::seconds(5))});
  // A death without a grace waits a little for its suspicion's commit.
  if (truth_.commit_slack > Duration::zero()) patience += std::chrono::milliseconds(100);
  return patience;
}

void SilenceFound::CheckOrphan(const core::ClientRecord& record, MonoTime now) {
  if (!truth_.serving_since()) return;
  const Duration served = truth_.LeastUptime(*truth_.serving_since(), now);
  const Duration slack = kLate + truth_.commit_slack;
  if (record.state == State::kAlive && served > slack) {
    return Complain(Who(record) + " is ALIVE", "suspected once we serve", "serving for " + Millis(served));
  }
  const Duration amnesty = Patience(std::max(record.timeout, truth_.restart_grace), record.timeout);
  if (served > amnesty + kLate + slack) {
    Complain(Who(record) + " is SUSPECT", "dead after " + Millis(amnesty), "serving for " + Millis(served));
  }
}

void SilenceFound::CheckLive(const core::ClientRecord& record, const Line& line, MonoTime now) {
  const Duration patience = Patience(line.grace, line.timeout);
  const Duration slack = kLate + truth_.commit_slack;
  const Duration silence = truth_.LeastUptime(line.last_read, now);
  if (silence > line.timeout + patience + kLate + slack) {
    return Complain(Who(record) + " looks live", "dead after " + Millis(line.timeout + patience),
                    "silent for " + Millis(silence));
  }
  if (record.state == State::kSuspect) {
    const Duration suspected = truth_.LeastUptime(suspect_since_[std::string(record.client_id())], now);
    // What its process was told outlives what was learnt of its pings since.
    if (suspected <= patience + slack || now <= line.vouched_until + slack) return;
    return Complain(Who(record) + " is SUSPECT", "dead after " + Millis(patience),
                    "suspect for " + Millis(suspected));
  }
  if (silence > line.timeout + slack) {
    return Complain(Who(record) + " is ALIVE", "suspected after " + Millis(line.timeout),
                    "silent for " + Millis(silence));
  }
  if (!line.closed || truth_.LeastUptime(*line.closed, now) < truth_.commit_slack) return;
  // Or welcomed it so late that it may have given us up.
  if (*line.closed < line.welcomed + line.timeout && line.welcomed > line.asked + kLateness) return;
  const bool we_were_well = truth_.LeastUptime(*line.closed - line.timeout, *line.closed) == line.timeout &&
                            truth_.LeastUptime(*line.closed, now) == now - *line.closed;
  if (we_were_well) Complain(Who(record) + " is ALIVE", "suspected once its stream closed", "ALIVE");
}

}  // namespace liveness::simulation
