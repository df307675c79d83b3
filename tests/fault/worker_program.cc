// A process whose heartbeats go on while its worker is stuck.
//
//   fault_worker TARGET ID INTERVAL_MS TIMEOUT_MS PROGRESS_DEADLINE_MS
//
// Its worker advances a token named "worker" every tenth of the deadline. On
// SIGUSR1 the worker and a second thread lock two mutexes in opposite order, for
// ever; on SIGUSR2 both are let go and the worker goes on. SIGTERM ends it with a
// goodbye. Lines on stdout, each flushed at once, with the monotonic clock's
// nanoseconds:
//
//   live NANOSECONDS         the server has taken it in
//   stuck NANOSECONDS        the worker stands; its last advance was just before
//   freed NANOSECONDS        it goes on
#include <liveness/client.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace {

using std::chrono::milliseconds;

void Say(const char* what) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const std::string line = std::string(what) + " " + std::to_string(now.count()) + "\n";
  if (write(STDOUT_FILENO, line.data(), line.size()) < 0) _exit(3);
}

// Two locks that two threads take in opposite order. They are timed ones, so
// that the test can end what a real deadlock never would.
class Deadlock {
 public:
  // Arm() and Free() are the main thread's. Enter() stands from the one to the other.
  void Arm() { freed_ = false; }
  void Enter() {
    held_ = 0;
    std::thread other([this] { Take(second_, first_); });
    Take(first_, second_);
    other.join();
  }
  void Free() { freed_ = true; }

 private:
  void Take(std::timed_mutex& one, std::timed_mutex& two) {
    const std::lock_guard own(one);
    ++held_;
    while (held_ < 2) std::this_thread::yield();
    while (!freed_) {
      if (two.try_lock_for(milliseconds(50))) two.unlock();
    }
  }

  std::timed_mutex first_;
  std::timed_mutex second_;
  std::atomic<int> held_{0};
  std::atomic<bool> freed_{false};
};

class Worker {
 public:
  Worker(liveness::ProgressToken token, milliseconds step)
      : token_(std::move(token)), step_(step), thread_([this] { Run(); }) {}
  ~Worker() {
    deadlock_.Free();
    {
      const std::lock_guard lock(mu_);
      ended_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void Stick() {
    const std::lock_guard lock(mu_);
    deadlock_.Arm();
    to_stick_ = true;
    changed_.notify_all();
  }
  void Free() { deadlock_.Free(); }

 private:
  void Run() {
    std::unique_lock lock(mu_);
    while (!ended_) {
      token_.Advance();
      if (std::exchange(to_stick_, false)) {
        lock.unlock();
        Say("stuck");
        deadlock_.Enter();
        Say("freed");
        lock.lock();
        continue;
      }
      changed_.wait_for(lock, step_, [this] { return ended_ || to_stick_; });
    }
  }

  const liveness::ProgressToken token_;
  const milliseconds step_;
  Deadlock deadlock_;
  std::mutex mu_;
  std::condition_variable changed_;
  bool to_stick_ = false;
  bool ended_ = false;
  std::thread thread_;
};

int Fail(const liveness::Error& error) {
  std::fprintf(stderr, "fault_worker: %s\n", error.message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fputs("usage: fault_worker TARGET ID INTERVAL_MS TIMEOUT_MS PROGRESS_DEADLINE_MS\n", stderr);
    return 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGUSR1, SIGUSR2, SIGTERM, SIGINT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  liveness::ClientOptions options;
  options.targets = {argv[1]};
  options.client_id = argv[2];
  options.interval = milliseconds(std::atoi(argv[3]));
  options.timeout = milliseconds(std::atoi(argv[4]));
  options.last_will = "last will of " + options.client_id;
  options.on_state = [](const liveness::StateChange& change) {
    if (change.state == liveness::State::kLive) Say("live");
  };
  auto client = liveness::Client::Start(std::move(options));
  if (!client) return Fail(client.error());

  const milliseconds deadline(std::atoi(argv[5]));
  auto token = (*client)->Progress("worker", deadline);
  if (!token) return Fail(token.error());
  Worker worker(*std::move(token), std::max(deadline / 10, milliseconds(1)));
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) return 1;
    if (signal == SIGUSR1) {
      worker.Stick();
    } else if (signal == SIGUSR2) {
      worker.Free();
    } else {
      return 0;
    }
  }
}
