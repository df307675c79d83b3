// Runs ParseConfig() as main does, in an environment and with a file of the test's own. Header only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/app/config/config.h"
#include "tests/support/temp_dir.h"

namespace liveness::app {

class ConfigRun : public ::testing::Test {
 protected:
  using Environment = std::map<std::string, std::string>;

  // `text` as a file; returns the flag that names it.
  std::string File(const std::string& text) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << text;
    return "--config=" + path_;
  }
  static ParsedConfig Parse(const std::vector<std::string>& args, const Environment& environment = {}) {
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    std::vector<const char*> words = {"livenessd"};
    for (const std::string& arg : args) words.push_back(arg.c_str());
    ParsedConfig parsed = ParseConfig(static_cast<int>(words.size()), words.data());
    for (const auto& [name, value] : environment) unsetenv(name.c_str());
    return parsed;
  }
  static Config Accepted(const std::vector<std::string>& args, const Environment& environment = {}) {
    const ParsedConfig parsed = Parse(args, environment);
    EXPECT_TRUE(parsed.config.has_value()) << parsed.err;
    return parsed.config.value_or(Config{});
  }
  // What is wrong, with the file called FILE.
  std::string Refused(const std::vector<std::string>& args, const Environment& environment = {}) {
    const ParsedConfig parsed = Parse(args, environment);
    EXPECT_FALSE(parsed.config.has_value());
    EXPECT_EQ(parsed.exit_code, 2);
    EXPECT_EQ(parsed.out, "");
    std::string err = parsed.err;
    for (auto at = err.find(path_); at != std::string::npos; at = err.find(path_)) {
      err.replace(at, path_.size(), "FILE");
    }
    return err;
  }
  static std::string Printed(std::vector<std::string> args, const Environment& environment = {}) {
    args.insert(args.begin(), {"config", "print"});
    const ParsedConfig parsed = Parse(args, environment);
    EXPECT_EQ(parsed.exit_code, 0) << parsed.err;
    EXPECT_FALSE(parsed.config);
    return parsed.out;
  }

  const testing::TempDir dir_;
  const std::string path_ = dir_.file("livenessd.toml");
};

}  // namespace liveness::app
