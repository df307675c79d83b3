#include "tests/integration/cli/cli_process.h"

#include <cstdlib>
#include <thread>

namespace liveness::testing {
namespace {

constexpr std::chrono::milliseconds kPollInterval(20);

}  // namespace

bool Eventually(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(kPollInterval);
  }
  return true;
}

bool CliProcess::Says(const std::string& text) const {
  return Eventually([&] { return Out().find(text) != std::string::npos; });
}

void CliTest::SetUp() {
  unsetenv("LIVENESS_SERVER");
  server_ = ServerProcess::Start({ServerProcess::ListenOnOwnAddress(), "--store=memory"});
  ASSERT_NE(server_, nullptr);
}

std::vector<std::string> CliTest::WithServer(std::vector<std::string> args) const {
  args.insert(args.begin(), "--server=" + server_->address());
  return args;
}

CliResult CliTest::Run(const std::vector<std::string>& args) const {
  CliProcess process(WithServer(args));
  const int code = process.Wait();
  return {code, process.Out(), process.Err()};
}

std::unique_ptr<CliProcess> CliTest::Start(const std::vector<std::string>& args) const {
  return std::make_unique<CliProcess>(WithServer(args));
}

std::unique_ptr<CliProcess> CliTest::Beat(const std::string& id, std::vector<std::string> more) const {
  more.insert(more.begin(), {"beat", "--id=" + id, "--interval=200ms", "--timeout=10s"});
  auto beat = Start(more);
  EXPECT_TRUE(Becomes(id, "STATE_ALIVE")) << beat->Out() << beat->Err();
  return beat;
}

bool CliTest::Becomes(const std::string& id, const std::string& text) const {
  return Eventually([&] { return Run({"get", id, "-o", "json"}).out.find(text) != std::string::npos; });
}

}  // namespace liveness::testing
