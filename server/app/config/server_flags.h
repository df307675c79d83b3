// All flags of livenessd.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "server/app/config/auth_flags.h"
#include "server/app/config/bound_flags.h"
#include "server/app/config/duration_flag.h"
#include "server/app/config/http_flags.h"
#include "server/app/config/keepalive_flags.h"
#include "server/app/config/listen_flags.h"
#include "server/app/config/mass_failure_flags.h"
#include "server/app/config/metrics_flags.h"
#include "server/app/config/store_flags.h"

namespace liveness::app {

struct Config;

class ServerFlags {
 public:
  // `config` takes what is given, and has the default of whatever is not. All must outlive the parsing.
  void AddTo(CLI::App& app, Config& config);
  // After the parsing: completes `config`. All that is wrong, each naming its flag first: `--listen=x: must
  // be HOST:PORT`.
  std::vector<std::string> ApplyTo(Config& config) const;

 private:
  ListenFlags listen_;
  StoreFlags store_;
  KeepaliveFlags keepalive_;
  HttpFlags http_;
  MetricsFlags metrics_;
  MassFailureFlags falls_;
  BoundFlags bounds_;
  AuthFlags auth_;
  DurationFlag min_interval_, resume_grace_, restart_grace_, drain_timeout_, keep_dead_, keep_left_,
      max_doubt_;
  std::string canary_ = "on";
};

}  // namespace liveness::app
