// The flags on where what is known is kept.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "server/app/config/duration_flag.h"

namespace liveness::app {

struct Config;

class StoreFlags {
 public:
  // `config` takes what is given. Both must outlive the parsing.
  void AddTo(CLI::App& app, Config& config);
  // After the parsing, and after the addresses were read: one of them names the default directory. What is
  // wrong, or empty.
  std::string ApplyTo(Config& config) const;

 private:
  DurationFlag history_age_;
  CLI::Option* data_dir_ = nullptr;
  std::string fsync_ = "batch";
};

}  // namespace liveness::app
