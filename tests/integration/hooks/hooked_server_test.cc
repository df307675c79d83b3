// A server with hooks: nothing that it committed is lost, whatever befalls it or the receiver.
#include <csignal>
#include <map>

#include "tests/integration/hooks/server_fixture.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST_F(HookedServers, AKillInTheMiddleOfTenThousandDeliveriesLosesNone) {
  WriteHooks(HookTo("pager"));
  auto server = Start();
  ASSERT_NE(server, nullptr);
  ASSERT_TRUE(AwaitBegun(*server, "pager"));
  std::thread clients([address = server->address()] { ComeAndGo(address, "web-", 5'000); });
  // Twice: while they come, and while what they did is sent.
  ASSERT_TRUE(receiver_.Await([](const auto& taken, auto) { return taken.size() > 1'000; }));
  clients.join();
  const std::size_t before = receiver_.Taken().size();
  server->Signal(SIGKILL);
  (void)server->WaitForExit(10s);
  server = Start();
  ASSERT_NE(server, nullptr);
  std::size_t at_second = 0;
  ASSERT_TRUE(receiver_.Await([&](const auto& taken, auto) {
    at_second = taken.size();
    return taken.size() > before + 500;
  }));
  server->Signal(SIGKILL);
  (void)server->WaitForExit(10s);
  server = Start();
  ASSERT_NE(server, nullptr);

  EXPECT_THAT(AwaitAll(*server), IsEmpty());
  const Events taken = receiver_.Taken();
  EXPECT_GE(RevisionsOf(taken).size(), 10'000u);
  // In order, but for what is told again after each kill: 64 events, or what a tenth of a second brought.
  std::map<std::string, std::size_t> seen;
  std::size_t again = 0, steps_back = 0;
  std::uint64_t last = 0;
  for (std::size_t n = 0; n < taken.size(); ++n) {
    again += !seen.emplace(taken[n].id, n).second;
    steps_back += taken[n].revision < last;
    last = taken[n].revision;
  }
  EXPECT_LE(steps_back, 2u);
  EXPECT_EQ(taken.size() - again, RevisionsOf(taken).size()) << "an id is an event's own";
  std::printf("%zu events, %zu of them sent again after two kills, at %zu and %zu\n", seen.size(), again,
              before, at_second);
}

TEST_F(HookedServers, AReceiverThatWasAwayGetsAllOfItInOrder) {
  WriteHooks(HookTo("pager") + HookTo("dead", "filter = \"state = DEAD\"\n"));
  receiver_.Answer(500);
  auto server = Start();
  ASSERT_NE(server, nullptr);
  ASSERT_TRUE(AwaitBegun(*server, "pager"));
  ComeAndGo(server->address(), "web-", 100);
  ASSERT_TRUE(Eventually([&] { return HookOf(*server, "pager").failure_count() >= 2; }));
  v1::Hook hook = HookOf(*server, "pager");
  EXPECT_TRUE(hook.leader());
  EXPECT_THAT(hook.last_error(), HasSubstr("500"));
  EXPECT_EQ(hook.behind_count(), 200);
  EXPECT_TRUE(hook.has_oldest_event_time());
  EXPECT_TRUE(hook.has_next_attempt_time());
  EXPECT_EQ(HookOf(*server, "dead").failure_count(), 0);
  EXPECT_EQ(HookOf(*server, "dead").behind_count(), 0);
  EXPECT_THAT(server->StandardError(), HasSubstr("hook pager: http://127.0.0.1:"));
  // A stop does not wait for it, and the next process goes on.
  EXPECT_EQ(server->Stop(), 0);
  receiver_.Answer(200);
  server = Start();
  ASSERT_NE(server, nullptr);
  EXPECT_THAT(AwaitAll(*server), IsEmpty());
  const Events taken = receiver_.Taken();
  for (std::size_t n = 1; n < taken.size(); ++n) ASSERT_GT(taken[n].revision, taken[n - 1].revision);
  EXPECT_TRUE(Eventually([&] { return HookOf(*server, "pager").behind_count() == 0; }));
}

TEST_F(HookedServers, HistoryThatIsShorterThanTheOutageIsToldAsAGap) {
  WriteHooks(HookTo("pager"));
  receiver_.Answer(0);  // it hangs
  auto server = Start({"--history-transitions=100"});
  ASSERT_NE(server, nullptr);
  ASSERT_TRUE(AwaitBegun(*server, "pager"));
  ComeAndGo(server->address(), "web-", 1'000);
  // Memory knows more than the disk keeps, until a restart.
  server->Signal(SIGKILL);
  (void)server->WaitForExit(10s);
  server = Start({"--history-transitions=100"});
  ASSERT_NE(server, nullptr);
  receiver_.Answer(200);
  EXPECT_THAT(AwaitAll(*server), IsEmpty());
  const Events taken = receiver_.Taken();
  // The one that hung may have been answered at last, and then sent again.
  const auto gap =
      std::find_if(taken.begin(), taken.end(), [](const auto& each) { return each.subject == "history"; });
  ASSERT_NE(gap, taken.end()) << ::testing::PrintToString(Subjects(taken));
  EXPECT_LE(gap - taken.begin(), 2);
  EXPECT_TRUE(Eventually([&] { return HookOf(*server, "pager").gap_count() >= 1; }));
}

TEST_F(HookedServers, AGroupEventOutlivesAKill) {
  WriteHooks(HookTo("pager", "events = [\"groups\"]\n"));
  receiver_.Answer(500);
  auto server = Start();
  ASSERT_NE(server, nullptr);
  ASSERT_TRUE(AwaitBegun(*server, "pager"));
  {
    std::vector<std::unique_ptr<HeartbeatStream>> streams;
    for (int n = 0; n < 20; ++n) {
      streams.push_back(std::make_unique<HeartbeatStream>(server->address()));
      ASSERT_TRUE(streams.back()->Join(HeartbeatStream::Hello("web-" + std::to_string(n), "i")));
    }
  }  // all of them are gone at once
  ASSERT_TRUE(receiver_.Await([](const auto&, std::size_t requests) { return requests > 0; }));
  std::this_thread::sleep_for(300ms);  // the note is written
  server->Signal(SIGKILL);
  (void)server->WaitForExit(10s);
  receiver_.Answer(200);
  server = Start();
  ASSERT_NE(server, nullptr);
  ASSERT_TRUE(receiver_.Await([](const auto& taken, auto) { return !taken.empty(); }));
  EXPECT_THAT(receiver_.Taken()[0].subject, StartsWith("groups/"));
}

TEST_F(HookedServers, MaintenanceIsSilentAndCounted) {
  WriteHooks(HookTo("pager"));
  auto server = Start();
  ASSERT_NE(server, nullptr);
  ASSERT_TRUE(AwaitBegun(*server, "pager"));
  auto stream = std::make_unique<HeartbeatStream>(server->address());
  ASSERT_TRUE(stream->Join(HeartbeatStream::Hello("web-1", "i")));
  const auto stub = v1::AdminService::NewStub(NewChannel(server->address()));
  const auto set = [&](int seconds) {
    grpc::ClientContext context;
    v1::SetMaintenanceRequest request;
    v1::SetMaintenanceResponse response;
    request.set_filter("client_id = web-1");
    *request.mutable_until_time() =
        google::protobuf::util::TimeUtil::SecondsToTimestamp(std::time(nullptr) + seconds);
    const grpc::Status status = stub->SetMaintenance(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  };
  set(600);
  ASSERT_TRUE(stream->Goodbye());
  ASSERT_TRUE(stream->End());
  ASSERT_TRUE(Eventually([&] { return HookOf(*server, "pager").silenced_count() == 2; }));
  EXPECT_THAT(Subjects(receiver_.Taken()), ElementsAre("clients/web-1/ALIVE"));
}

TEST_F(HookedServers, AReloadBringsHooksAndTakesThemAway) {
  WriteHooks(HookTo("a"));
  auto server = Start();
  ASSERT_NE(server, nullptr);
  ASSERT_TRUE(AwaitBegun(*server, "a"));
  WriteHooks(HookTo("b"));
  server->Signal(SIGHUP);
  ASSERT_TRUE(AwaitBegun(*server, "b"));
  ComeAndGo(server->address(), "web-", 1);
  ASSERT_TRUE(receiver_.Await([](const auto& taken, auto) { return taken.size() == 2; }));
  EXPECT_EQ(receiver_.Taken()[0].path, "/b");
  EXPECT_THAT(server->StandardError(), HasSubstr("hooks that changed: 2"));
  WriteHooks("[[hook]]\nname = \"b\"\nulr = \"x\"\n");
  server->Signal(SIGHUP);
  ASSERT_TRUE(Eventually([&] {
    return server->StandardError().find("all of it is as it was") != std::string::npos;
  })) << server->StandardError();
  ComeAndGo(server->address(), "db-", 1);
  EXPECT_TRUE(receiver_.Await([](const auto& taken, auto) { return taken.size() == 4; }));
  // Put back, a goes on where it was.
  WriteHooks(HookTo("a"));
  server->Signal(SIGHUP);
  EXPECT_TRUE(receiver_.Await([](const auto& taken, auto) { return taken.size() == 8; }));
}

TEST_F(HookedServers, AStopIsNotHeldUpByAReceiverThatHangs) {
  WriteHooks(HookTo("pager"));
  receiver_.Answer(0);
  auto server = Start({"--drain-timeout=1s"});
  ASSERT_NE(server, nullptr);
  ASSERT_TRUE(AwaitBegun(*server, "pager"));
  ComeAndGo(server->address(), "web-", 1);
  ASSERT_TRUE(receiver_.Await([](const auto&, std::size_t requests) { return requests > 0; }));
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(server->Stop(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 8s);
}

}  // namespace
}  // namespace liveness::testing
