#include "server/storage/etcd/health.h"

#include "absl/strings/str_cat.h"

namespace liveness::storage::etcd {

void Health::Credit(common::Duration stood) {
  last_answer_ += stood;
  if (down_since_) *down_since_ += stood;
  if (failing_since_) *failing_since_ += stood;
}

absl::Status Health::Assess(common::MonoTime now) const {
  if (fatal()) return absl::UnavailableError(absl::StrCat("etcd: ", fatal_));
  if (Long(down_since_, now)) return absl::UnavailableError(absl::StrCat("etcd is away: ", down_why_));
  if (Long(last_answer_, now)) {
    return absl::UnavailableError(
        absl::StrCat("etcd does not answer", down_since_ ? absl::StrCat(": ", down_why_) : ""));
  }
  if (Long(failing_since_, now)) {
    return absl::UnavailableError(absl::StrCat("etcd takes no writes: ", failing_why_));
  }
  if (Long(unanswered_, now)) {
    return absl::UnavailableError("etcd is too slow: a transaction has waited for more than 2 s");
  }
  if (Long(untold_, now)) {
    return absl::UnavailableError("etcd's watch lags: what was committed more than 2 s ago is not told");
  }
  return absl::OkStatus();
}

}  // namespace liveness::storage::etcd
