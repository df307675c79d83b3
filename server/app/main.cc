// livenessd. Everything is in server.cc and config.cc.
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include <spdlog/spdlog.h>

#include "server/app/config/config.h"
#include "server/app/process.h"
#include "server/app/sd_notify.h"
#include "server/app/server.h"

namespace {

using namespace liveness::app;  // NOLINT: this is its main

// How often the files that it was given are looked at: who is revoked is out within a second.
constexpr std::chrono::milliseconds kLook(250);

absl::StatusOr<std::unique_ptr<Server>> StartServer(const Config& config) {
  const EndableStart endable;
  return Server::Start(config);
}

void Reload(Server& server, const ParsedConfig& again) {
  SdNotifyReloading(liveness::common::SystemClock().Mono());
  server.Reload(again);
  SdNotify("READY=1");
}

int Run(const Config& config, int argc, char** argv) {
  auto server = StartServer(config);
  if (!server.ok()) {
    spdlog::shutdown();  // what was logged comes first
    std::fprintf(stderr, "livenessd: %s\n", std::string(server.status().message()).c_str());
    return 1;
  }
  std::printf("listening on %s\n", (*server)->address().c_str());
  if (const std::string http = (*server)->http_address(); !http.empty()) {
    std::printf("http on %s\n", http.c_str());
  }
  std::fflush(stdout);
  SdNotify("READY=1");

  for (Signal signal = Signal::kNone; signal != Signal::kStop; signal = WaitForSignal(kLook)) {
    if (signal == Signal::kReload) Reload(**server, ParseConfig(argc, argv));
    (*server)->Look();
  }
  SdNotify("STOPPING=1");
  (*server)->Drain([](liveness::common::Duration span) { return WaitForSignal(span) == Signal::kStop; });
  LetSignalsEndIt();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const ParsedConfig parsed = ParseConfig(argc, argv);
  std::fputs(parsed.out.c_str(), stdout);
  std::fputs(parsed.err.c_str(), stderr);
  if (!parsed.config) return parsed.exit_code;

  if (!parsed.config->core_dumps) ForbidCoreDumps();
  ShareHeaps(parsed.config->io_threads);
  PrepareProcess(parsed.config->log_level);
  const int exit_code = Run(*parsed.config, argc, argv);
  spdlog::shutdown();
  return exit_code;
}
