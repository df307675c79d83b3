#include "server/app/process.h"

#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <initializer_list>
#include <memory>

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "absl/synchronization/mutex.h"
#include "common/thread_name.h"
#include "server/app/log/handshake_log.h"

namespace liveness::app {
namespace {

constexpr std::size_t kLogQueue = 8192;

// As nohup(1) has it. A signal that is waited for comes all the same.
bool ignores_hangup = false;

// How soon a start that succeeded lets go of the signals.
constexpr common::Duration kStartPoll = std::chrono::milliseconds(50);

sigset_t SetOf(std::initializer_list<int> numbers) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : numbers) sigaddset(&signals, number);
  return signals;
}

const sigset_t& StopSignals() {
  static const sigset_t signals = SetOf({SIGTERM, SIGINT, SIGQUIT});
  return signals;
}

const sigset_t& TakenSignals() {
  static const sigset_t signals = SetOf({SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2});
  return signals;
}

// Its number, or -1 once `span` has passed.
int Wait(const sigset_t& signals, common::Duration span, siginfo_t& info) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(span);
  const timespec patience{seconds.count(), static_cast<long>((span - seconds).count())};
  return sigtimedwait(&signals, &info, &patience);
}

// What gRPC complains of is mostly a peer's doing, and told by us in our words; of a
// handshake that it refuses it tells nobody else.
void LogOfGrpc(gpr_log_func_args* args) {
  static auto* const handshakes = new HandshakeLog(common::SystemClock());
  if (const auto why = HandshakeFailure(args->file, args->message)) return handshakes->Write(*why);
  spdlog::debug("grpc: {}", args->message);
}

}  // namespace

void PrepareProcess(const std::string& log_level) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
  }
  // Debian's abseil checks each lock of gRPC's against all others, under one lock.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  pthread_sigmask(SIG_BLOCK, &TakenSignals(), nullptr);
  ignores_hangup = signal(SIGHUP, SIG_DFL) == SIG_IGN;
  signal(SIGTERM, SIG_DFL);  // whoever started us may have ignored it
  for (const int number : {SIGPIPE, SIGXFSZ, SIGTTOU}) signal(number, SIG_IGN);

  // A reader of stderr that stands still must not stop the server: lines are
  // written by a thread of their own, and the oldest are dropped.
  spdlog::init_thread_pool(kLogQueue, 1);
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  spdlog::set_default_logger(std::make_shared<spdlog::async_logger>(
      "livenessd", std::move(sink), spdlog::thread_pool(), spdlog::async_overflow_policy::overrun_oldest));
  SetLogLevel(log_level);
  spdlog::flush_on(spdlog::level::debug);
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");

  gpr_set_log_function(LogOfGrpc);
  google::protobuf::SetLogHandler(nullptr);
  // Less memory per connection: buffers as small as our messages. An
  // environment that names experiments of its own wins.
  (void)setenv("GRPC_EXPERIMENTS", "-tcp_read_chunks", 0);
}

void ShareHeaps(int io_threads) {
#ifdef __GLIBC__
  const char* const tunables = std::getenv("GLIBC_TUNABLES");
  const bool is_told = std::getenv("MALLOC_ARENA_MAX") != nullptr ||
                       (tunables != nullptr && std::strstr(tunables, "glibc.malloc.arena_max") != nullptr);
  if (!is_told) (void)mallopt(M_ARENA_MAX, io_threads + 1);
#endif
}

void ForbidCoreDumps() { (void)prctl(PR_SET_DUMPABLE, 0); }

void SetLogLevel(const std::string& level) { spdlog::set_level(spdlog::level::from_str(level)); }

Signal WaitForSignal(common::Duration span) {
  siginfo_t info{};
  switch (Wait(TakenSignals(), span, info)) {
    case SIGTERM:
    case SIGINT:
    case SIGQUIT: return Signal::kStop;
    case SIGHUP:
      if (info.si_code != SI_KERNEL) return Signal::kReload;
      // The kernel's own: our terminal is gone, and with it whoever would stop us.
      if (!ignores_hangup) return Signal::kStop;
      spdlog::info("the terminal was closed: ignored, as nohup asks for");
      return Signal::kNone;
    case SIGUSR1:
    case SIGUSR2: spdlog::info("SIGUSR1 and SIGUSR2 mean nothing to this server"); return Signal::kNone;
    default: return Signal::kNone;
  }
}

EndableStart::EndableStart()
    : thread_([this] {
        common::NameThisThread("live-start");
        siginfo_t info{};
        while (!over_) {
          if (Wait(StopSignals(), kStartPoll, info) < 0) continue;
          spdlog::info("told to stop before the start was done");
          // What was logged comes first: a pool that is replaced is emptied. spdlog::shutdown() would take
          // the logger from under the thread that starts, and speaks.
          spdlog::set_level(spdlog::level::off);
          spdlog::init_thread_pool(1, 1);
          _exit(0);
        }
      }) {}

EndableStart::~EndableStart() {
  over_ = true;
  thread_.join();
}

void LetSignalsEndIt() {
  signal(SIGINT, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &StopSignals(), nullptr);
}

}  // namespace liveness::app
