// tests/hooks/receiver.py as a child: a receiver of webhooks whose paths say how it behaves. Header only.
#pragma once

#include <unistd.h>

#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/child_process.h"

namespace liveness::testing {

class Receiver {
 public:
  // REQUIRES: LIVENESS_SOURCE_DIR is defined. Without a port it takes one; Port() is 0 if it did not start.
  explicit Receiver(std::vector<std::string> args = {})
      : process_("/usr/bin/python3", WithScript(std::move(args))) {
    for (int i = 0; i < 1000 && process_.Out().find('\n') == std::string::npos; ++i) usleep(10'000);
    std::string word;
    std::istringstream(process_.Out()) >> word >> port_;
  }

  int Port() const { return port_; }
  std::string Url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  // A line of JSON for each request so far.
  std::vector<std::string> Requests() const {
    std::istringstream out(process_.Out());
    std::vector<std::string> lines;
    for (std::string line; std::getline(out, line) && !out.eof();) lines.push_back(line);
    if (!lines.empty()) lines.erase(lines.begin());
    return lines;
  }
  ChildProcess& process() { return process_; }

 private:
  static std::vector<std::string> WithScript(std::vector<std::string> args) {
    args.insert(args.begin(), LIVENESS_SOURCE_DIR "/tests/hooks/receiver.py");
    return args;
  }

  ChildProcess process_;
  int port_ = 0;
};

}  // namespace liveness::testing
