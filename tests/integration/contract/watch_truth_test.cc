// A watch cannot lie: replayed, it equals the registry, under churn, when it is
// resumed, and through a gap.
#include <atomic>
#include <random>

#include "tests/integration/contract/contract_fixture.h"
#include "tests/integration/server/query_watcher.h"
#include "tests/support/memory.h"

namespace liveness::testing {
namespace {

class WatchTruthTest : public ContractTest {
 protected:
  using Picture = std::map<std::string, std::string>;

  Picture List(const std::string& filter, std::uint64_t* revision) {
    Picture picture;
    v1::ListClientsRequest request;
    request.set_filter(filter);
    request.set_page_size(1000);
    request.set_view(v1::CLIENT_VIEW_FULL);
    v1::ListClientsResponse response;
    do {
      grpc::ClientContext context;
      SetPatience(context);
      EXPECT_TRUE(registry_->ListClients(&context, request, &response).ok());
      for (const v1::Client& client : response.clients()) picture[client.client_id()] = Settled(client);
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    *revision = response.revision();
    return picture;
  }
  // Of what a watcher holds, what it would list: a filtered watch is also told
  // of records that stopped matching.
  static Picture Held(const Watcher& watcher, const Picture& wanted, bool filtered) {
    Picture picture;
    for (const auto& [id, entry] : watcher.clients) {
      if (!filtered || wanted.contains(id)) picture[id] = entry.text;
    }
    return picture;
  }
  // REQUIRES: nothing happens any more.
  void ExpectTruth(Watcher& watcher, const std::string& filter = {}) {
    std::uint64_t revision = 0;
    const Picture wanted = List(filter, &revision);
    ASSERT_TRUE(watcher.CatchUp(revision)) << watcher.Finish().error_message();
    EXPECT_TRUE(watcher.in_order);
    EXPECT_EQ(Held(watcher, wanted, !filter.empty()), wanted);
  }
  // True once no session is on its way to another state.
  bool Settles() {
    return Eventually([&] {
      grpc::ClientContext context;
      v1::GetStatsResponse stats;
      return registry_->GetStats(&context, {}, &stats).ok() && stats.counts().suspect() == 0 &&
             stats.counts().alive() == 1;
    });
  }
};

// Clients come, change, resume, take over, leave and die, by chance.
void Churn(const std::string& address, int seed, std::chrono::steady_clock::time_point until) {
  std::mt19937 chance(seed);
  const auto pick = [&](int n) { return static_cast<int>(chance() % n); };
  struct Member {
    std::unique_ptr<HeartbeatStream> stream;
    v1::HeartbeatRequest hello;
    std::string token;
  };
  std::vector<Member> members(8);
  int instances = 0;
  while (std::chrono::steady_clock::now() < until) {
    const int index = pick(static_cast<int>(members.size()));
    Member& member = members[index];
    const int what = pick(6);
    if (member.stream == nullptr || what == 0) {  // joins, or is superseded
      member.hello =
          HeartbeatStream::Hello("churn-" + std::to_string(seed) + "-" + std::to_string(index),
                                 std::to_string(++instances), milliseconds(500), milliseconds(30'000));
      (*member.hello.mutable_hello()->mutable_labels())["zone"] = pick(2) == 0 ? "a" : "b";
    } else if (what == 1) {  // comes back from another address
      member.hello.mutable_hello()->set_resume_token(member.token);
    } else if (what == 2) {
      member.stream->Goodbye();
      member.stream->End();
      member.stream.reset();
      continue;
    } else if (what == 3) {
      member.stream.reset();
      continue;
    } else {
      v1::HeartbeatRequest update;
      (*update.mutable_update()->mutable_labels())["zone"] = pick(2) == 0 ? "a" : "b";
      member.stream->Send(update);
      continue;
    }
    auto stream = std::make_unique<HeartbeatStream>(address);
    if (const auto welcome = stream->Join(member.hello)) member.token = welcome->resume_token();
    member.stream = std::move(stream);
  }
}

TEST_F(WatchTruthTest, UnderChurn) {
  StartServer({"--resume-grace=200ms"});
  const std::string filter = "labels.zone = \"a\"";
  v1::WatchClientsRequest all;
  v1::WatchClientsRequest some;
  some.set_filter(filter);
  auto early = std::make_unique<Watcher>(NewChannel(address()), all);
  ASSERT_TRUE(early->CatchUp(1));
  Watcher filtered(NewChannel(address()), some);

  const auto until = std::chrono::steady_clock::now() + seconds(4);
  std::vector<std::thread> churn;
  for (int seed = 1; seed <= 3; ++seed) churn.emplace_back(Churn, address(), seed, until);
  std::vector<std::unique_ptr<Watcher>> late;
  std::vector<std::unique_ptr<Watcher>> resumed;
  while (std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(400));
    late.push_back(std::make_unique<Watcher>(NewChannel(address()), all));
    // Breaks off and goes on from where it was, with what it knew.
    v1::WatchClientsRequest rest = all;
    ASSERT_TRUE(early->Next());
    if (!early->done) continue;
    rest.set_start_revision(early->revision);
    rest.set_history_id(early->history_id);
    auto next = std::make_unique<Watcher>(NewChannel(address()), rest);
    next->clients = early->clients;
    next->revision = early->revision;
    next->last_transition = early->last_transition;
    next->history_id = early->history_id;
    next->transitions = early->transitions;
    early = std::move(next);
  }
  for (std::thread& thread : churn) thread.join();
  ASSERT_TRUE(Settles());
  ExpectTruth(*early);
  EXPECT_GT(early->transitions, 20);
  EXPECT_EQ(early->gaps, 0);
  ExpectTruth(filtered, filter);
  for (const auto& watcher : late) ExpectTruth(*watcher);
}

TEST_F(WatchTruthTest, AWatcherThatNeverReadsLosesItsPlaceAndNobodyElse) {
  StartServer({"--max-ping-rate=0", "--max-label-rate=0"});
  constexpr int kWriters = 4;
  constexpr int kUpdates = 30'000;  // of each: 120,000, more than a mailbox holds
  std::vector<std::unique_ptr<HeartbeatStream>> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.push_back(std::make_unique<HeartbeatStream>(address()));
    ASSERT_TRUE(writers.back()->Join(
        HeartbeatStream::Hello("writer-" + std::to_string(i), "1", seconds(60), seconds(120))));
  }
  // Without gRPC's guess at the bandwidth, which makes room for 16 MiB in the client.
  grpc::ChannelArguments narrow;
  narrow.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  Watcher slow(NewChannel(address(), grpc::InsecureChannelCredentials(), narrow), {});
  ASSERT_TRUE(slow.CatchUp(1));
  v1::WatchClientsRequest request;
  Watcher reading(NewChannel(address()), request);
  ASSERT_TRUE(reading.CatchUp(1));

  // Writers stay a few hundred updates ahead: of a server that is slow, under a sanitizer say, more would
  // wait than it lets a connection have.
  constexpr int kAhead = 200;
  std::atomic<int> told{0};
  std::atomic<bool> ended{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < kWriters; ++i) {
    threads.emplace_back([&, &stream = *writers[i]] {
      for (int n = 1; n <= kUpdates && !ended; ++n) {
        while (n - told / kWriters > kAhead && !ended)
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        v1::HeartbeatRequest update;
        (*update.mutable_update()->mutable_labels())["n"] = std::to_string(n);
        if (!stream.Send(update)) return;
      }
    });
  }
  // The one that reads is told everything, while the other takes nothing.
  bool open = true;
  while (open && reading.transitions < kWriters * kUpdates && reading.gaps == 0) {
    open = reading.Next();
    told = reading.transitions;
  }
  ended = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(open);
  EXPECT_EQ(reading.gaps, 0);
  EXPECT_EQ(reading.transitions, kWriters * kUpdates);
  EXPECT_LT(ResidentMiB(server_->pid()), MayTakeMiB(600));
  ExpectTruth(reading);

  // Then the other reads on: it is told that it missed something, and all is well.
  ExpectTruth(slow);
  EXPECT_EQ(slow.gaps, 1) << slow.transitions << " transitions in " << slow.messages << " messages";
}

}  // namespace
}  // namespace liveness::testing
