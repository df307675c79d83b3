// livenessd. Everything is in server.cc and config.cc.
#include <cstdio>

#include <spdlog/spdlog.h>

#include "server/app/config.h"
#include "server/app/process.h"
#include "server/app/sd_notify.h"
#include "server/app/server.h"

namespace {

int Run(const liveness::app::Config& config) {
  using liveness::app::WaitForStopSignal;
  auto server = liveness::app::Server::Start(config);
  if (!server.ok()) {
    spdlog::shutdown();  // what was logged comes first
    std::fprintf(stderr, "livenessd: %s\n", std::string(server.status().message()).c_str());
    return 1;
  }
  std::printf("listening on %s\n", (*server)->address().c_str());
  std::fflush(stdout);
  liveness::app::SdNotify("READY=1");

  while (!WaitForStopSignal(std::chrono::hours(1))) {
  }
  liveness::app::SdNotify("STOPPING=1");
  (*server)->Drain(WaitForStopSignal);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const liveness::app::ParsedConfig parsed = liveness::app::ParseConfig(argc, argv);
  std::fputs(parsed.out.c_str(), stdout);
  std::fputs(parsed.err.c_str(), stderr);
  if (!parsed.config) return parsed.exit_code;

  liveness::app::PrepareProcess(parsed.config->log_level);
  const int exit_code = Run(*parsed.config);
  spdlog::shutdown();
  return exit_code;
}
