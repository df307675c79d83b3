#include "common/keepalive.h"

#include <string>

#include "common/duration_text.h"
#include "common/strings.h"

namespace liveness::common {
namespace {

using std::chrono::seconds;

// What Linux takes at most: MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT.
constexpr seconds kMaxTcpSpan{32767};
constexpr int kMaxTcpCount = 127;

class Checker {
 public:
  void Range(std::string_view field, Duration value, Duration least, Duration most) {
    if (value < least) Add(field, StrCat("is ", FormatDuration(value), ", below ", FormatDuration(least)));
    if (value > most) Add(field, StrCat("is ", FormatDuration(value), ", above ", FormatDuration(most)));
  }
  void Add(std::string_view field, std::string description) {
    violations_.push_back({std::string(field), std::move(description)});
  }
  std::vector<FieldViolation> Take() { return std::move(violations_); }

 private:
  std::vector<FieldViolation> violations_;
};

}  // namespace

KeepaliveSettings StandardPreset() {
  KeepaliveSettings settings;
  settings.heartbeat_interval = seconds(10);
  settings.heartbeat_timeout = seconds(40);
  settings.tcp.enabled = true;
  settings.tcp.idle = seconds(30);
  settings.tcp.interval = seconds(3);
  settings.tcp.count = 3;
  settings.tcp.user_timeout = seconds(39);
  settings.http2_time = seconds(30);
  settings.http2_timeout = seconds(10);
  return settings;
}

KeepaliveSettings StrictPreset() {
  KeepaliveSettings settings = StandardPreset();
  settings.heartbeat_interval = seconds(3);
  settings.heartbeat_timeout = seconds(9);
  settings.tcp.idle = seconds(6);
  settings.tcp.interval = seconds(1);
  settings.tcp.user_timeout = seconds(9);
  settings.http2_time = seconds(6);
  settings.http2_timeout = seconds(3);
  return settings;
}

std::optional<KeepaliveSettings> PresetByName(std::string_view name) {
  if (name == "standard") return StandardPreset();
  if (name == "strict") return StrictPreset();
  return std::nullopt;
}

std::vector<FieldViolation> Validate(const KeepaliveSettings& settings) {
  Checker check;
  check.Range("heartbeat_interval", settings.heartbeat_interval, kMinKeepalive, kMaxKeepalive);
  check.Range("heartbeat_timeout", settings.heartbeat_timeout, kMinKeepalive, kMaxKeepalive);
  if (settings.heartbeat_timeout < settings.heartbeat_interval) {
    check.Add("heartbeat_timeout",
              StrCat("is ", FormatDuration(settings.heartbeat_timeout), ", below the interval of ",
                     FormatDuration(settings.heartbeat_interval)));
  }
  check.Range("http2_time", settings.http2_time, kMinKeepalive, kMaxKeepalive);
  check.Range("http2_timeout", settings.http2_timeout, kMinKeepalive, kMaxKeepalive);
  if (!settings.tcp.enabled) return check.Take();

  // Compared as seconds: turned into nanoseconds, a huge value could overflow.
  const TcpKeepalive& tcp = settings.tcp;
  const auto span = [&check](std::string_view field, seconds value) {
    if (value < seconds(1) || value > kMaxTcpSpan) {
      check.Add(field, StrCat("is ", value.count(), "s, not within 1s and ", kMaxTcpSpan.count(), "s"));
    }
  };
  span("tcp_idle", tcp.idle);
  span("tcp_interval", tcp.interval);
  if (tcp.count < 1 || tcp.count > kMaxTcpCount) {
    check.Add("tcp_count", StrCat("is ", tcp.count, ", not within 1 and ", kMaxTcpCount));
  }
  if (tcp.user_timeout.count() < 0 || tcp.user_timeout > kMaxKeepalive) {
    check.Add("tcp_user_timeout",
              StrCat("is ", tcp.user_timeout.count(), "ms, not within 0 (idle + interval * count) and ",
                     FormatDuration(kMaxKeepalive)));
  }
  return check.Take();
}

SilenceWindow SilenceFoundAfter(const KeepaliveSettings& settings) {
  return {settings.heartbeat_timeout - settings.heartbeat_interval, settings.heartbeat_timeout};
}

}  // namespace liveness::common
