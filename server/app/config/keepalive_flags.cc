#include "server/app/config/keepalive_flags.h"

#include <algorithm>
#include <chrono>
#include <initializer_list>

#include "common/flags/numbers.h"

namespace liveness::app {
namespace {

constexpr int kMostProbes = 127;  // that Linux takes (MAX_TCP_KEEPCNT)
constexpr char kGroup[] = "Keepalive";

std::string FlagOf(const std::string& field) {
  if (field == "heartbeat_interval") return "--default-interval";
  if (field == "heartbeat_timeout") return "--default-timeout";
  std::string flag = "--" + field;
  std::replace(flag.begin(), flag.end(), '_', '-');
  for (const std::string layer : {"--tcp", "--http2"}) {
    if (flag.starts_with(layer)) flag.insert(layer.size(), "-keepalive");
  }
  return flag;
}

}  // namespace

void KeepaliveFlags::AddTo(CLI::App& app, std::string& preset) {
  app.add_option("--keepalive-preset", preset,
                 "standard (10s/40s) or strict (3s/9s); the flags below change single values of it")
      ->check(CLI::IsMember({"standard", "strict"}))
      ->capture_default_str()
      ->group(kGroup);
  interval_.AddTo(app, "--default-interval", "Heartbeat interval of a client that asks for none")
      ->group(kGroup);
  timeout_.AddTo(app, "--default-timeout", "Heartbeat timeout of a client that asks for none")->group(kGroup);
  tcp_idle_.AddTo(app, "--tcp-keepalive-idle", "Quiet time before the kernel's first probe; whole seconds")
      ->group(kGroup);
  tcp_interval_.AddTo(app, "--tcp-keepalive-interval", "Time between the kernel's probes; whole seconds")
      ->group(kGroup);
  tcp_count_option_ =
      app.add_option("--tcp-keepalive-count", tcp_count_, "Unanswered probes after which the kernel gives up")
          ->check(common::CountBetween(1, kMostProbes))
          ->type_name("COUNT")
          ->group(kGroup);
  tcp_user_timeout_
      .AddTo(app, "--tcp-keepalive-user-timeout",
             "How long sent bytes may stay unacknowledged; 0: idle + interval * count")
      ->group(kGroup);
  http2_time_.AddTo(app, "--http2-keepalive-time", "Quiet time before an HTTP/2 ping")->group(kGroup);
  http2_timeout_.AddTo(app, "--http2-keepalive-timeout", "How long its answer may take")->group(kGroup);
}

std::string KeepaliveFlags::ApplyTo(const std::string& preset, common::KeepaliveSettings& settings) const {
  settings = *common::PresetByName(preset);
  interval_.ApplyTo(settings.heartbeat_interval);
  timeout_.ApplyTo(settings.heartbeat_timeout);
  ApplyTcp(settings.tcp);
  http2_time_.ApplyTo(settings.http2_time);
  http2_timeout_.ApplyTo(settings.http2_timeout);
  const auto violations = common::Validate(settings);
  if (violations.empty()) return {};
  return FlagOf(violations.front().field) + ": " + violations.front().description;
}

void KeepaliveFlags::ApplyTcp(common::TcpKeepalive& tcp) const {
  using std::chrono::seconds;
  if (tcp_idle_.value()) tcp.idle = std::chrono::ceil<seconds>(*tcp_idle_.value());
  if (tcp_interval_.value()) tcp.interval = std::chrono::ceil<seconds>(*tcp_interval_.value());
  if (tcp_count_) tcp.count = *tcp_count_;
  // A preset's user timeout belongs to its probes: other probes, their own sum.
  if (tcp_idle_.value() || tcp_interval_.value() || tcp_count_) tcp.user_timeout = {};
  if (tcp_user_timeout_.value()) {
    tcp.user_timeout = std::chrono::ceil<std::chrono::milliseconds>(*tcp_user_timeout_.value());
  }
  tcp_idle_.TellDefault(tcp.idle);
  tcp_interval_.TellDefault(tcp.interval);
  tcp_count_option_->default_str(std::to_string(tcp.count));
  tcp_user_timeout_.TellDefault(common::InForce(tcp).user_timeout);
}

}  // namespace liveness::app
