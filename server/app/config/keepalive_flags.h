// The flags on the three layers that keep a connection alive: a preset, and single values of it.
#pragma once

#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "common/keepalive.h"
#include "server/app/config/duration_flag.h"

namespace liveness::app {

class KeepaliveFlags {
 public:
  // `preset` takes the name that is given. Both must outlive the parsing.
  void AddTo(CLI::App& app, std::string& preset);
  // After the parsing. What is wrong, or empty.
  std::string ApplyTo(const std::string& preset, common::KeepaliveSettings& settings) const;

 private:
  void ApplyTcp(common::TcpKeepalive& tcp) const;

  DurationFlag interval_, timeout_, tcp_idle_, tcp_interval_, tcp_user_timeout_, http2_time_, http2_timeout_;
  std::optional<int> tcp_count_;
  CLI::Option* tcp_count_option_ = nullptr;
};

}  // namespace liveness::app
