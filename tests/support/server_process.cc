#include "tests/support/server_process.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace liveness::testing {
namespace {

constexpr std::chrono::seconds kStartPatience(30);
constexpr std::chrono::milliseconds kPollInterval(5);
constexpr std::string_view kReady = "listening on ";
constexpr std::string_view kHttp = "http on ";

}  // namespace

std::unique_ptr<ServerProcess> ServerProcess::Start(std::vector<std::string> args) {
  const auto has = [&args](const std::string& flag) {
    return std::any_of(args.begin(), args.end(),
                       [&flag](const std::string& arg) { return arg.starts_with(flag); });
  };
  const bool listens = has("--listen"), serves_http = has("--http-listen");
  if (!listens) args.insert(args.begin(), "--listen=127.0.0.1:0");
  // The default port would be one server's alone, of all that tests start at the same time.
  if (!serves_http) args.insert(args.begin(), "--http-listen=none");
  return WaitUntilReady(std::unique_ptr<ServerProcess>(new ServerProcess("livenessd", args)));
}

std::string ServerProcess::ListenOnOwnAddress() {
  const auto pid = static_cast<unsigned int>(getpid());  // of at most 22 bits
  return "--listen=127." + std::to_string(64 + (pid >> 16)) + "." + std::to_string((pid >> 8) % 256) + "." +
         std::to_string(pid % 256) + ":0";
}

std::unique_ptr<ServerProcess> ServerProcess::StartUnder(const std::vector<std::string>& launcher,
                                                         const std::vector<std::string>& args) {
  std::vector<std::string> all(launcher.begin() + 1, launcher.end());
  all.push_back(BinaryPath("livenessd"));
  all.insert(all.end(), args.begin(), args.end());
  return WaitUntilReady(std::unique_ptr<ServerProcess>(new ServerProcess(launcher.front(), all)));
}

std::unique_ptr<ServerProcess> ServerProcess::WaitUntilReady(std::unique_ptr<ServerProcess> server) {
  const auto give_up = std::chrono::steady_clock::now() + kStartPatience;
  while (std::chrono::steady_clock::now() < give_up) {
    const std::string out = server->StandardOutput();
    const auto begin = out.find(kReady);
    const auto end = out.find('\n', begin == std::string::npos ? 0 : begin);
    if (begin != std::string::npos && end != std::string::npos) {
      server->address_ = out.substr(begin + kReady.size(), end - begin - kReady.size());
      // Both lines are written at once.
      if (const auto http = out.find(kHttp, end); http != std::string::npos) {
        const auto address = http + kHttp.size();
        server->http_address_ = out.substr(address, out.find('\n', address) - address);
      }
      return server;
    }
    if (server->WaitForExit(kPollInterval) != -1) break;
  }
  std::fprintf(stderr, "livenessd did not become ready; it wrote:\n%s\n", server->StandardError().c_str());
  return nullptr;
}

ServerProcess::Outcome ServerProcess::RunToEnd(std::vector<std::string> args) {
  ChildProcess server("livenessd", args);
  Outcome outcome;
  outcome.exit_code = server.Wait(kStartPatience);
  outcome.out = server.Out();
  outcome.err = server.Err();
  return outcome;
}

void ServerProcess::Pause() const { Signal(SIGSTOP); }
void ServerProcess::Continue() const { Signal(SIGCONT); }

int ServerProcess::Stop(std::chrono::milliseconds patience) {
  Signal(SIGTERM);
  return WaitForExit(patience);
}

}  // namespace liveness::testing
