#include "server/app/process.h"

#include <signal.h>
#include <sys/resource.h>

#include <cstdlib>
#include <ctime>
#include <memory>

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace liveness::app {
namespace {

constexpr std::size_t kLogQueue = 8192;

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// What gRPC complains of is mostly a peer's doing, and told by us in our words.
void LogOfGrpc(gpr_log_func_args* args) { spdlog::debug("grpc: {}", args->message); }

}  // namespace

void PrepareProcess(const std::string& log_level) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
  }
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  // A reader of stderr that stands still must not stop the server: lines are
  // written by a thread of their own, and the oldest are dropped.
  spdlog::init_thread_pool(kLogQueue, 1);
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  spdlog::set_default_logger(std::make_shared<spdlog::async_logger>(
      "livenessd", std::move(sink), spdlog::thread_pool(), spdlog::async_overflow_policy::overrun_oldest));
  spdlog::set_level(spdlog::level::from_str(log_level));
  spdlog::flush_on(spdlog::level::debug);
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");

  gpr_set_log_function(LogOfGrpc);
  google::protobuf::SetLogHandler(nullptr);
  // Less memory per connection: buffers as small as our messages. An
  // environment that names experiments of its own wins.
  (void)setenv("GRPC_EXPERIMENTS", "-tcp_read_chunks", 0);
}

bool WaitForStopSignal(common::Duration span) {
  const sigset_t signals = StopSignals();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(span);
  const timespec patience{seconds.count(), static_cast<long>((span - seconds).count())};
  return sigtimedwait(&signals, nullptr, &patience) > 0;
}

}  // namespace liveness::app
