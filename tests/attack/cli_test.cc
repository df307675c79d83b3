// A server that lies to livenessctl: texts that a terminal would obey, numbers and dates that cannot be,
// lists without end, bytes that are no message. The operator's terminal gets nothing of it raw, the command
// ends with a code of its own, and takes little memory. There is no bystander: the attacked is who asks.
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include <gmock/gmock.h>

#include "tests/attack/cli_attack.h"
#include "tests/support/memory.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(CliAttack, WhateverAServerSaysNothingOfItIsRaw) {
  const std::vector<std::vector<std::string>> verbs = {{"list"},
                                                       {"get", "web-1"},
                                                       {"get", "web-1", "web-2"},
                                                       {"get", "web-1", "--last-words"},
                                                       {"transitions"},
                                                       {"transitions", "web-1", "--limit=3"},
                                                       {"transitions", "--since=1h"},
                                                       {"stats", "--by-label=zone"},
                                                       {"server", "info"},
                                                       {"server", "drain"},
                                                       {"server", "undrain"},
                                                       {"audit"},
                                                       {"audit", "--since=1h"},
                                                       {"evict", "web-1"},
                                                       {"maintenance", "web-1", "--for=1h"},
                                                       {"check", "--min=1"},
                                                       {"health", "web-1"},
                                                       {"doctor"}};
  const std::vector<std::string> formats = {"", "table", "wide", "json", "yaml", "name"};
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    HostileServer server{
        [liar = std::make_shared<Liar>(seed)](const std::string& method) { return (*liar)(method); }};
    for (std::size_t i = 0; i < verbs.size(); ++i) {
      std::vector<std::string> args = verbs[i];
      // Each verb comes to be asked in each format.
      const std::string& format = formats[(seed + i) % formats.size()];
      if (!format.empty()) args.insert(args.end(), {"-o", format});
      const std::string what = ::testing::PrintToString(args) + " with seed " + std::to_string(seed);
      ChildProcess process("livenessctl", To(server, args));
      ExpectSane(process.Wait(seconds(60)), what);
      ExpectPlain(process, what);
    }
  }
}

// A watch that is told anything goes on, and ends when it is told to.
TEST_F(CliAttack, AWatchThatIsToldAnythingGoesOn) {
  for (const char* format : {"table", "json", "yaml"}) {
    std::atomic<int> watches{0};
    Liar liar(7, false);
    HostileServer server([&](const std::string& method) {
      watches += method.ends_with("/WatchClients");
      return liar(method);
    });
    ChildProcess process("livenessctl", To(server, {"watch", "-o", format}));
    int code = -1;
    const bool asks_again = Within(seconds(60), [&] {
      code = process.Wait(milliseconds(0));
      return watches >= 3 || code != -1;
    });
    EXPECT_TRUE(asks_again) << format;
    process.Signal(SIGTERM);
    ExpectSane(process.Wait(seconds(60)), format);
    ExpectPlain(process, format);
  }
}

// `top` moves the cursor by itself; what it is told does not.
TEST_F(CliAttack, WhatTopIsToldDoesNotReachTheTerminal) {
  std::atomic<int> asked{0};
  Liar liar(11, false);
  HostileServer server([&](const std::string& method) {
    ++asked;
    return liar(method);
  });
  const std::string path = BinaryPath("livenessctl");
  const std::vector<std::string> args = To(server, {"top"});
  std::vector<char*> argv = {const_cast<char*>(path.c_str())};
  for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  winsize size{.ws_row = 40, .ws_col = 160, .ws_xpixel = 0, .ws_ypixel = 0};
  int terminal = -1;
  setenv("TERM", "xterm", 1);
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, &size);
  if (pid == 0) {
    execv(argv[0], argv.data());
    _exit(127);
  }
  std::string shown;
  const auto read_some = [&](milliseconds patience) {
    pollfd readable{terminal, POLLIN, 0};
    char bytes[4096];
    if (poll(&readable, 1, static_cast<int>(patience.count())) != 1) return;
    const ssize_t got = read(terminal, bytes, sizeof(bytes));
    if (got > 0) shown.append(bytes, static_cast<std::size_t>(got));
  };
  EXPECT_TRUE(Within(seconds(60),
                     [&] {
                       read_some(milliseconds(100));
                       return asked >= 6 && shown.size() > 1'000;
                     }))
      << asked << " calls: " << shown;
  EXPECT_EQ(write(terminal, "q", 1), 1);
  int status = -1;
  EXPECT_TRUE(Within(seconds(60), [&] {
    read_some(milliseconds(10));
    return waitpid(pid, &status, WNOHANG) == pid;
  }));
  EXPECT_TRUE(WIFEXITED(status)) << status;
  close(terminal);
  // A terminal's title and its clipboard are set by these; top sets neither.
  EXPECT_THAT(shown, Not(HasSubstr("\x1b]0;")));
  EXPECT_THAT(shown, Not(HasSubstr("\x1b]52;")));
  EXPECT_THAT(shown, Not(HasSubstr("\xc2\x9b")));
  EXPECT_EQ(SanitizerReport(shown), "");
}

// A thousand items on each page, and the name of a next page, for ever.
HostileServer::Answer EndlessPage(const std::string& method, int page) {
  const std::string next = "page-" + std::to_string(page), text = next + std::string(200, 'x');
  std::string bytes;
  const auto fill = [&](auto list, const auto& add) {
    for (int i = 0; i < 1'000; ++i) add(list);
    list.set_next_page_token(next);
    bytes = list.SerializeAsString();
  };
  if (method.ends_with("/ListClients")) {
    fill(v1::ListClientsResponse(), [&](auto& list) { list.add_clients()->set_client_id(text); });
  } else if (method.ends_with("/ListTransitions")) {
    fill(v1::ListTransitionsResponse(), [&](auto& list) { list.add_transitions()->set_client_id(text); });
  } else {
    fill(v1::ListAuditEventsResponse(), [&](auto& list) { list.add_audit_events()->set_principal(text); });
  }
  return {[bytes](int n) { return n == 0 ? std::optional(bytes) : std::nullopt; }, grpc::Status::OK};
}

// It can only be ended, but what was printed is not kept: a hundred pages more are 20 MiB of texts alone.
TEST_F(CliAttack, ListsWithoutEndTakeNoMemory) {
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {"list"}, {"list", "-o", "json"}, {"transitions"}, {"transitions", "--since=1h"}}) {
    const std::string what = ::testing::PrintToString(args);
    std::atomic<int> pages{0};
    HostileServer server([&](const std::string& method) { return EndlessPage(method, ++pages); });
    ChildProcess process("livenessctl", To(server, args));
    ASSERT_TRUE(Within(seconds(120), [&] { return pages >= 30; })) << what;
    const long before = ResidentMiB(process.pid());
    ASSERT_TRUE(Within(seconds(120), [&] { return pages >= 130; })) << what;
    EXPECT_LT(ResidentMiB(process.pid()) - before, MayTakeMiB(15)) << what;
    process.Signal(SIGTERM);
    EXPECT_NE(process.Wait(seconds(60)), -1) << what;
  }
}

// Those that are read from their end on come to one by themselves.
TEST_F(CliAttack, ListsWithoutEndThatAreReadBackwardsEnd) {
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {"transitions", "--limit=10"}, {"audit", "--limit=10"}, {"audit"}}) {
    const std::string what = ::testing::PrintToString(args);
    std::atomic<int> pages{0};
    HostileServer server([&](const std::string& method) { return EndlessPage(method, ++pages); });
    ChildProcess process("livenessctl", To(server, args));
    long memory = 0;
    int code = -1;
    EXPECT_TRUE(Within(seconds(120), [&] {
      memory = std::max(memory, ResidentMiB(process.pid()));
      return (code = process.Wait(milliseconds(0))) != -1;
    })) << what;
    EXPECT_EQ(code, 0) << what << process.Err();
    EXPECT_LT(memory, MayTakeMiB(200)) << what << " after " << pages;
  }
}

// The same page again and again is noticed.
TEST_F(CliAttack, APageThatIsItsOwnNextEnds) {
  HostileServer server([](const std::string&) {
    v1::ListClientsResponse page;
    page.set_next_page_token("again");
    const std::string bytes = page.SerializeAsString();
    return HostileServer::Answer{[bytes](int n) { return n == 0 ? std::optional(bytes) : std::nullopt; },
                                 grpc::Status::OK};
  });
  ChildProcess process("livenessctl", To(server, {"list"}));
  EXPECT_EQ(process.Wait(seconds(60)), 1);
  EXPECT_THAT(process.Err(), HasSubstr("the same page"));
}

// A message of 80 MiB, and a stream that never stops.
TEST_F(CliAttack, WhatIsTooLargeIsNotTaken) {
  HostileServer server([](const std::string&) {
    v1::Client client;
    client.set_client_id(std::string(80 * 1024 * 1024, 'x'));
    const std::string bytes = client.SerializeAsString();
    return HostileServer::Answer{[bytes](int) { return std::optional(bytes); }, grpc::Status::OK};
  });
  ChildProcess process("livenessctl", To(server, {"get", "web-1"}));
  long memory = 0;
  int code = -1;
  EXPECT_TRUE(Within(seconds(60), [&] {
    memory = std::max(memory, ResidentMiB(process.pid()));
    return (code = process.Wait(milliseconds(0))) != -1;
  }));
  ExpectSane(code, "get");
  EXPECT_NE(code, 0);
  EXPECT_LT(memory, MayTakeMiB(200));
}

}  // namespace
}  // namespace liveness::testing
