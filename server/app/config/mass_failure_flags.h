// The flags on clients that fall: many at once, nearly all, or one again and again.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "server/app/config/duration_flag.h"
#include "server/core/fleet/flap_damping.h"
#include "server/core/fleet/mass_failure.h"

namespace liveness::app {

struct FallSettings {
  core::MassFailure::Options mass;
  double doubt_share = 0.9;
  core::FlapOptions flap;
};

class MassFailureFlags {
 public:
  // `settings` takes what is given. Both must outlive the parsing.
  void AddTo(CLI::App& app, FallSettings& settings);
  // After the parsing. What is wrong, or empty.
  std::string ApplyTo(FallSettings& settings) const;

 private:
  DurationFlag window_, half_life_;
};

}  // namespace liveness::app
