// What happens to a client whose process is killed, forked or stopped.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/client/state_log.h"
#include "tests/support/fake_heartbeat_server.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::UnorderedElementsAre;

// liveness-client-program as a child. Killed and waited for at the end.
class Program {
 public:
  explicit Program(const std::string& target) {
    int in[2];
    int out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) abort();
    pid_ = fork();
    if (pid_ == 0) {
      dup2(in[0], STDIN_FILENO);
      dup2(out[1], STDOUT_FILENO);
      execl(CLIENT_PROGRAM, CLIENT_PROGRAM, target.c_str(), nullptr);
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    in_ = in[1];
    out_ = out[0];
    fcntl(out_, F_SETFL, O_NONBLOCK);
  }
  ~Program() {
    Kill();
    close(in_);
    close(out_);
  }

  pid_t pid() const { return pid_; }
  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  void Ask(const std::string& question) {
    const std::string line = question + "\n";
    ASSERT_EQ(write(in_, line.data(), line.size()), static_cast<ssize_t>(line.size()));
  }
  // Reads until a line that starts with `start` has come, and returns it; "" if none does.
  std::string LineWith(const std::string& start) {
    std::string found;
    Eventually([&] {
      char bytes[512];
      for (ssize_t size; (size = read(out_, bytes, sizeof(bytes))) > 0;) text_.append(bytes, size);
      for (std::size_t end; (end = text_.find('\n')) != std::string::npos;) {
        const std::string line = text_.substr(0, end);
        text_.erase(0, end + 1);
        if (!line.starts_with(start)) continue;
        found = line;
        return true;
      }
      return false;
    });
    return found;
  }

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  std::string text_;
};

TEST(ClientProcess, AForkedChildDoesNotKeepItsParentsConnectionAlive) {
  std::atomic<bool> gone{false};
  FakeHeartbeatServer server([&](FakeStream& stream) {
    stream.ReadHello();
    stream.Welcome(1, 100, 60'000);
    const grpc::Status status = stream.Serve();
    gone = true;
    return status;
  });
  Program program(server.target());
  ASSERT_EQ(program.LineWith("LIVE"), "LIVE");
  program.Ask("fork");
  const std::string child = program.LineWith("child ");
  const pid_t child_pid = std::atoi(child.c_str() + 6);
  ASSERT_GT(child_pid, 0);
  EXPECT_EQ(child.substr(child.find(" alive")),
            " alive=0 state=STOPPED labels=STOPPED progress=STOPPED goodbye=0 start=FORKED destroyed");
  program.Ask("alive");
  EXPECT_EQ(program.LineWith("alive"), "alive 1") << "the fork does not hurt the parent";
  EXPECT_FALSE(gone);

  const auto before = std::chrono::steady_clock::now();
  program.Kill();
  EXPECT_TRUE(Eventually([&] { return gone.load(); })) << "while its child lives on";
  EXPECT_LT(std::chrono::steady_clock::now() - before, 2s);
  EXPECT_EQ(kill(child_pid, SIGKILL), 0) << "the child was still there";
}

TEST(ClientProcess, AProcessWokenFromALongStopKnowsAtOnceThatItHasLapsed) {
  std::atomic<bool> silent{false};
  FakeHeartbeatServer server([&](FakeStream& stream) {
    stream.ReadHello();
    stream.Welcome(1, 100, 1000);
    while (const auto request = stream.Read()) {
      if (request->has_ping() && !silent) stream.Pong(request->ping());
    }
    return grpc::Status::CANCELLED;
  });
  Program program(server.target());
  ASSERT_EQ(program.LineWith("LIVE"), "LIVE");
  program.Ask("alive");
  ASSERT_EQ(program.LineWith("alive"), "alive 1");
  ASSERT_EQ(kill(program.pid(), SIGSTOP), 0);
  std::this_thread::sleep_for(2s);
  silent = true;  // nothing but its own clock can tell it
  program.Ask("alive");
  ASSERT_EQ(kill(program.pid(), SIGCONT), 0);
  const std::string first = program.LineWith("");
  const std::string second = program.LineWith("");
  // The two threads wake in any order.
  EXPECT_THAT((std::vector{first, second}), UnorderedElementsAre("alive 0", "LOST LAPSED"));
}

}  // namespace
}  // namespace liveness::testing
