// The process: what is set once, and the signals that it is sent.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "common/clock.h"

namespace liveness::app {

// Before anything of gRPC runs and before any thread is started: raises the
// limit of open files to what is allowed, blocks the signals that WaitForSignal()
// takes, sends the logs of gRPC and Protobuf through ours, and turns abseil's search for
// deadlocks off (docs/adr/0026-spare-queues.md). Of the signals that
// would end or stop a process for somebody else's doing, a closed pipe, a file that
// may not grow and a terminal of another job's are ignored; writes then fail.
void PrepareProcess(const std::string& log_level);

// Before any thread is started: as many heaps as there are threads that serve streams, and one for all
// others. glibc's own bound is eight for each processor, and what was freed in one is of no use to another:
// under attacks from many connections that kept as much again as was in use. An environment that says how
// many there are (MALLOC_ARENA_MAX, GLIBC_TUNABLES) wins.
void ShareHeaps(int io_threads);

// No core is written of this process, wherever cores go here, and none of the same user's other processes may
// look into it: keys of TLS lie in memory that is gRPC's, where nobody can wipe them. Programs that are
// started from here are as they would be.
void ForbidCoreDumps();

// From now on: debug, info, warn or error.
void SetLogLevel(const std::string& level);

enum class Signal {
  kNone,  // the span passed first
  // SIGTERM, SIGINT, SIGQUIT, and, unless nohup(1) started us, a terminal that was closed.
  kStop,
  kReload,  // SIGHUP
};

// Says what it does with SIGUSR1 and SIGUSR2, which mean nothing, and waits on.
Signal WaitForSignal(common::Duration span);

// While it lives, SIGTERM, SIGINT and SIGQUIT end the process at once, with exit code
// 0: nothing has been served yet, and what the start waits for may never come. Other
// signals wait for WaitForSignal().
class EndableStart {
 public:
  EndableStart();
  ~EndableStart();
  EndableStart(const EndableStart&) = delete;
  EndableStart& operator=(const EndableStart&) = delete;

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

// From now on SIGTERM and SIGINT end the process as they do any other: the drain is
// over, and what is left may hang on a disk.
void LetSignalsEndIt();

}  // namespace liveness::app
