#include "server/app/log/handshake_log.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "common/strings.h"

namespace liveness::app {

std::optional<std::string> HandshakeFailure(std::string_view file, std::string_view message) {
  constexpr std::string_view kPrefix = "Handshake failed with fatal error ";
  constexpr std::string_view kReason = "SSL routines::";
  if (!file.ends_with("ssl_transport_security.cc") || !message.starts_with(kPrefix)) return std::nullopt;
  const std::size_t at = message.find(kReason);
  std::string_view why = message.substr(at == std::string_view::npos ? kPrefix.size() : at + kReason.size());
  if (why.ends_with('.')) why.remove_suffix(1);
  return common::Escape(why);
}

void HandshakeLog::Write(const std::string& why) {
  std::uint64_t left_out = 0;
  {
    const common::MonoTime now = clock_.Mono();
    common::MutexLock lock(mu_);
    if (now - second_ >= std::chrono::seconds(1)) {
      second_ = now;
      lines_ = 0;
      left_out = std::exchange(left_out_, 0);
    }
    if (lines_ == kLinesPerSecond) {
      ++left_out_;
      return;
    }
    ++lines_;
  }
  if (left_out != 0) spdlog::warn("TLS: {} more refused handshakes were left out", left_out);
  spdlog::warn("TLS: a handshake was refused: {}", why);
}

}  // namespace liveness::app
