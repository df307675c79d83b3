// The flags on metrics.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace liveness::app {

struct MetricsSettings {
  std::vector<std::string> labels;  // keys whose values are counted
};

class MetricsFlags {
 public:
  static constexpr std::size_t kMostLabels = 4;

  // `settings` takes what is given, and outlives the parsing.
  void AddTo(CLI::App& app, MetricsSettings& settings);
  // After the parsing. What is wrong, or empty.
  static std::string ApplyTo(const MetricsSettings& settings);
};

}  // namespace liveness::app
