#include "client/src/options.h"

#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/files/token.h"
#include "common/keepalive.h"
#include "common/random.h"
#include "common/target.h"
#include "common/validation.h"

namespace liveness::internal {
namespace {

using Violations = std::vector<common::FieldViolation>;

std::string HostName() {
  char name[common::kMaxHostBytes + 1] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "";
}

void CheckTarget(const std::string& target, Violations* violations) {
  const std::string problem = common::TargetProblem(target);
  if (!problem.empty()) violations->push_back({"targets", absl::StrCat("\"", target, "\" ", problem)});
}

void CheckTimes(const ClientOptions& options, Violations* violations) {
  using std::chrono::nanoseconds;
  constexpr nanoseconds kZero{0};
  if (options.interval && *options.interval <= kZero) violations->push_back({"interval", "is not positive"});
  if (options.timeout && *options.timeout <= kZero) violations->push_back({"timeout", "is not positive"});
  if (options.interval && options.timeout && *options.timeout < *options.interval) {
    violations->push_back({"timeout", "is shorter than the interval"});
  }
  if (options.quality) {
    if (options.interval || options.timeout) {
      violations->push_back({"quality", "takes the place of interval and timeout: leave those unset"});
    }
    if (options.quality->found_within <= kZero || options.quality->mistake_recurrence <= kZero) {
      violations->push_back({"quality", "has a time that is not positive"});
    }
  }
  // Compared in milliseconds, because the longest of these spans do not fit into 64 bits of nanoseconds.
  using std::chrono::milliseconds;
  constexpr milliseconds kNone{0}, kLongest = std::chrono::hours(24 * 365);
  const auto check_patience = [&](const char* field, milliseconds span, milliseconds least,
                                  const char* what) {
    if (span < least) violations->push_back({field, what});
    if (span > kLongest) violations->push_back({field, "is longer than a year"});
  };
  check_patience("connect_timeout", options.connect_timeout, milliseconds(1), "is not positive");
  check_patience("welcome_timeout", options.welcome_timeout, milliseconds(1), "is not positive");
  check_patience("goodbye_timeout", options.goodbye_timeout, kNone, "is negative");
  const Keepalive& keepalive = *options.keepalive;
  if (keepalive.tcp_enabled && (keepalive.tcp_idle <= kZero || keepalive.tcp_interval <= kZero ||
                                keepalive.tcp_count < 1 || keepalive.tcp_user_timeout < kZero)) {
    violations->push_back({"keepalive", "has a TCP value that is not positive"});
  }
  if (keepalive.http2_time < kZero || (keepalive.http2_time > kZero && keepalive.http2_timeout <= kZero)) {
    violations->push_back({"keepalive", "has an HTTP/2 value that is not positive"});
  }
}

void CheckDetection(const ClientOptions& options, Violations* violations) {
  if (!options.detection || options.detection->threshold == 0) return;
  const double threshold = options.detection->threshold;
  if (options.detection->method != Detection::Method::kAccrual) {
    violations->push_back({"detection", "has a threshold, which only kAccrual takes"});
  } else if (!(threshold >= common::kMinSuspicionThreshold && threshold <= common::kMaxSuspicionThreshold)) {
    violations->push_back(
        {"detection", absl::StrCat("has a threshold that is not within ", common::kMinSuspicionThreshold,
                                   " and ", common::kMaxSuspicionThreshold)});
  }
}

Error ToError(const char* reason, const Violations& violations) {
  return {reason, std::string(common::BadFields(reason, violations).message())};
}

Keepalive From(const common::KeepaliveSettings& settings) {
  using namespace std::chrono;
  const common::TcpKeepalive tcp = common::InForce(settings.tcp);
  return {tcp.enabled,
          tcp.idle,
          tcp.interval,
          tcp.count,
          tcp.user_timeout,
          ceil<milliseconds>(settings.http2_time),
          ceil<milliseconds>(settings.http2_timeout)};
}

}  // namespace

Result<ClientOptions> Complete(ClientOptions options) {
  if (options.preset) {
    const common::KeepaliveSettings settings =
        *options.preset == Preset::kStrict ? common::StrictPreset() : common::StandardPreset();
    // Where the application gave one of the two, the preset's other one may not fit.
    if (!options.interval && !options.timeout && !options.quality) {
      options.interval = settings.heartbeat_interval;
      options.timeout = settings.heartbeat_timeout;
    }
    if (!options.keepalive) options.keepalive = From(settings);
  }
  if (!options.keepalive) options.keepalive = Keepalive::Standard();
  if (options.instance_id.empty()) options.instance_id = common::RandomHexId();
  if (options.host.empty()) options.host = HostName();
  if (!options.pid) options.pid = getpid();

  Violations violations;
  if (options.targets.empty()) violations.push_back({"targets", "is empty"});
  for (const std::string& target : options.targets) CheckTarget(target, &violations);
  common::CheckId("client_id", options.client_id, &violations);
  common::CheckId("instance_id", options.instance_id, &violations);
  common::CheckLabels("labels", options.labels, &violations);
  common::CheckText("host", options.host, common::kMaxHostBytes, &violations);
  common::CheckText("version", options.version, common::kMaxVersionBytes, &violations);
  common::CheckMultilineText("last_will", options.last_will, common::kMaxLastWillBytes, &violations);
  if (options.tls && options.tls->cert_file.empty() != options.tls->key_file.empty()) {
    violations.push_back({"tls", "needs certificate and key, or neither"});
  }
  for (const std::string& target : options.targets) {
    if (options.token_file.empty()) break;
    const absl::Status safe = common::CheckTokenIsSafe("token_file", target, options.tls.has_value());
    if (!safe.ok()) return Error{"BAD_TOKEN_FILE", std::string(safe.message())};
  }
  CheckTimes(options, &violations);
  CheckDetection(options, &violations);
  if (!violations.empty()) return ToError("BAD_OPTIONS", violations);
  return options;
}

std::optional<Error> CheckLabels(const Labels& labels) {
  Violations violations;
  common::CheckLabels("labels", labels, &violations);
  if (violations.empty()) return std::nullopt;
  return ToError("BAD_LABELS", violations);
}

}  // namespace liveness::internal
