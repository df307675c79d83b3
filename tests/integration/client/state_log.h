// Remembers what a client told, and waits for it. Thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <liveness/client.h>

#include "common/mutex.h"

namespace liveness::testing {

// Far above what any of it takes: a loaded machine is no fault of the code.
inline constexpr auto kPatience = std::chrono::seconds(15);

// True as soon as `condition` is; false when it was not for kPatience.
inline bool Eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

class StateLog {
 public:
  struct Entry {
    std::string text;  // "LOST SERVER_SILENT"
    std::chrono::steady_clock::time_point when;
  };

  std::function<void(const StateChange&)> Callback() {
    return [this](const StateChange& change) {
      common::MutexLock lock(mu_);
      entries_.push_back({ToString(change.state) + (change.reason.empty() ? "" : " " + change.reason),
                          std::chrono::steady_clock::now()});
    };
  }

  std::vector<Entry> entries() const {
    common::MutexLock lock(mu_);
    return entries_;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (const Entry& entry : entries()) texts.push_back(entry.text);
    return texts;
  }
  int Count(const std::string& text) const {
    int count = 0;
    for (const Entry& entry : entries()) count += entry.text == text;
    return count;
  }
  bool WaitFor(const std::string& text, int times = 1) const {
    return Eventually([&] { return Count(text) >= times; });
  }
  // When `text` was told first. REQUIRES: it was.
  std::chrono::steady_clock::time_point WhenFirst(const std::string& text) const {
    for (const Entry& entry : entries()) {
      if (entry.text == text) return entry.when;
    }
    ADD_FAILURE() << text << " was never told";
    return {};
  }

 private:
  mutable common::Mutex mu_;
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mu_);
};

inline ClientOptions OptionsFor(const std::string& target, StateLog& log) {
  ClientOptions options;
  options.targets = {target};
  options.client_id = "worker";
  options.on_state = log.Callback();
  return options;
}

inline std::unique_ptr<Client> StartClient(ClientOptions options) {
  auto client = Client::Start(std::move(options));
  if (client) return *std::move(client);
  ADD_FAILURE() << client.error().message;
  return nullptr;
}

}  // namespace liveness::testing
