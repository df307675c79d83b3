// Runs shell commands one after the other, or a few at a time, in the order in which they come.
//
// Those of one key never overlap and keep their order. What waits has a bound: who puts in more waits too.
//
// Thread-safe.
#pragma once

#include <signal.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "client/cli/process/shell_command.h"
#include "common/clock.h"
#include "common/mutex.h"

namespace liveness::cli {

class CommandQueue {
 public:
  static constexpr std::size_t kMostWaiting = 1'000;

  struct Job {
    std::string key;   // whose it is
    std::string what;  // what it is about, for people
    ShellCommand command;
  };
  // Called, on a thread of the queue, with each job that did not end with code 0, and how it did end.
  using OnFailure = std::function<void(const Job& job, const std::string& how)>;

  // `parallel` jobs run at a time, each for `timeout` at most and with `mask` as its blocked signals.
  // REQUIRES: SIGCHLD is not ignored; the signals that others wait for are blocked, because the queue makes
  // threads.
  CommandQueue(int parallel, common::Duration timeout, const sigset_t& mask, OnFailure on_failure);
  // As Stop().
  ~CommandQueue();
  CommandQueue(const CommandQueue&) = delete;
  CommandQueue& operator=(const CommandQueue&) = delete;

  // Waits while too many wait. Dropped after Interrupt().
  void Put(Job job);

  // Ends what runs, and runs nothing more. Does not wait.
  void Interrupt();
  // Interrupt(), and waits for what ran. Returns how many jobs were put in and never begun.
  std::size_t Stop();

 private:
  void Work();
  // The first job whose key is idle; the end if there is none.
  std::deque<Job>::iterator NextLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const common::Duration timeout_;
  const sigset_t mask_;
  const OnFailure on_failure_;
  const int stop_fd_;  // an eventfd: readable once it is interrupted

  common::Mutex mu_;
  common::CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::size_t dropped_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<Job> waiting_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> busy_ ABSL_GUARDED_BY(mu_);  // keys of what runs
  std::vector<std::thread> threads_;
};

}  // namespace liveness::cli
