// kill -9 of the server at random moments, 200 times, while clients register at
// 500 a second: nothing that was welcomed or told is lost, nothing goes back, and
// a watch that is resumed over each restart replays to what the registry lists.
//
// The seed is printed; LIVENESS_CHURN_SEED=4711 build/dev/tests/restart_test draws the same moments
// and the same clients again (what they meet still depends on the machine's own timing).
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/integration/restart/churn_load.h"
#include "tests/integration/restart/follower.h"
#include "tests/support/child_process.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr int kKills = 200;
constexpr int kInStartUp = 8;  // one in so many is killed before it serves
constexpr milliseconds kLongestLife(400);
// Fewer than a server lists under one lock: a page is the registry at one revision.
constexpr int kClients = 200;
constexpr int kRareEvery = 6;  // one watcher is away for so many lives
constexpr int kKilled = 128 + SIGKILL;

struct Listed {
  std::uint64_t revision = 0;
  Follower::Picture clients;
};

// Without what moves with every heartbeat, which a watch does not follow; in one form.
std::string Settled(const v1::Client& client) {
  v1::Client settled = client;
  settled.clear_last_heartbeat_time();
  settled.clear_deadline_time();
  settled.clear_rtt();
  settled.clear_keepalive();
  settled.clear_progress();
  return settled.ShortDebugString();
}

class ChurnTest : public ::testing::Test {
 protected:
  ChurnTest() : seed_(Seed()), random_(seed_), load_({.clients = kClients, .seed = seed_}) {
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed_));
    std::fflush(stdout);
  }

  static std::uint64_t Seed() {
    const char* const given = std::getenv("LIVENESS_CHURN_SEED");
    return given == nullptr ? std::random_device()() : std::strtoull(given, nullptr, 10);
  }
  microseconds Chance(microseconds below) {
    return microseconds(static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(below.count())));
  }
  std::vector<std::string> Args() const {
    return {"--data-dir=" + dir_.path().string(), "--resume-grace=100ms", "--log-level=warn"};
  }

  // A server that does not come to serve, or only just.
  void KillInStartUp() {
    std::vector<std::string> args = Args();
    args.push_back("--listen=127.0.0.1:0");
    ChildProcess server("livenessd", args);
    std::this_thread::sleep_for(Chance(2 * start_time_));
    server.Signal(SIGKILL);
    ASSERT_EQ(server.Wait(seconds(60)), kKilled) << server.Err();
    server_errors_ += server.Err();
  }
  void Start() {
    const Clock::time_point begun = Clock::now();
    server_ = ServerProcess::Start(Args());
    ASSERT_NE(server_, nullptr);
    const auto took = std::chrono::duration_cast<microseconds>(Clock::now() - begun);
    start_time_ = start_time_ == microseconds::zero() ? took : (7 * start_time_ + took) / 8;
    channel_ = NewChannel(server_->address());
    registry_ = v1::RegistryService::NewStub(channel_);
  }
  void Kill() {
    server_->Signal(SIGKILL);
    ASSERT_EQ(server_->WaitForExit(seconds(60)), kKilled) << server_->StandardError();
    server_errors_ += server_->StandardError();
    ASSERT_TRUE(load_.Drop()) << "streams of a dead server stay open";
  }

  Listed List() {
    Listed listed;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + seconds(60));
    v1::ListClientsRequest request;
    request.set_page_size(1000);
    request.set_view(v1::CLIENT_VIEW_FULL);
    v1::ListClientsResponse response;
    const grpc::Status status = registry_->ListClients(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.next_page_token(), "");
    listed.revision = response.revision();
    for (v1::Client& client : *response.mutable_clients()) {
      const std::string id = client.client_id();
      listed.clients[id] = std::move(client);
    }
    return listed;
  }

  // What every client was told holds.
  void ExpectAllKnown(const Listed& listed) {
    EXPECT_GE(listed.revision, told_) << "the registry's revision went back";
    std::size_t known = 0;
    for (const Member& member : load_.members()) {
      const auto at = listed.clients.find(member.id);
      if (at != listed.clients.end()) ++known;
      EXPECT_EQ(member.WhatIsWrong(at == listed.clients.end() ? nullptr : &at->second), "");
      if (at == listed.clients.end()) continue;
      std::uint64_t& last = revisions_[member.id];
      EXPECT_GE(at->second.revision(), last) << member.id << "'s revision went back";
      last = at->second.revision();
    }
    EXPECT_EQ(known, listed.clients.size()) << "somebody is known who never came";
  }
  // The watch, replayed up to the revision of the list, is the list.
  void ExpectTruth(Follower& follower, const Listed& listed) {
    const std::optional<Follower::Picture> replayed = follower.At(listed.revision);
    ASSERT_TRUE(replayed) << "was not told up to " << listed.revision << ": " << follower.complaints()
                          << follower.end();
    Follower::Picture wanted = listed.clients;
    if (!follower.zone().empty()) {
      std::erase_if(wanted, [&](const auto& each) {
        const auto label = each.second.labels().find("zone");
        return label == each.second.labels().end() || label->second != follower.zone();
      });
    }
    for (const auto& [id, client] : *replayed) {
      if (!wanted.contains(id)) ADD_FAILURE() << "is not listed: " << Settled(client);
    }
    for (const auto& [id, client] : wanted) {
      const auto at = replayed->find(id);
      EXPECT_EQ(at == replayed->end() ? "nothing" : Settled(at->second), Settled(client));
    }
  }
  // No death was only our restart, and nobody was told what must not be.
  void ExpectNoComplaint(Follower& follower) {
    EXPECT_EQ(follower.complaints(), "");
    for (const v1::Transition& death : follower.TakeDeaths()) {
      ++deaths_;
      EXPECT_TRUE(load_.GaveUp(death.client().instance_id()))
          << "a false death: " << death.ShortDebugString();
    }
    told_ = std::max(told_, follower.revision());
  }
  void ExpectNoComplaint() {
    for (Follower* follower : {&whole_, &zone_, &rare_}) ExpectNoComplaint(*follower);
    EXPECT_EQ(load_.complaints(), "");
    told_ = std::max(told_, load_.highest_incarnation());
  }

  // From a start that succeeds to the kill.
  void Live(int number) {
    ASSERT_NO_FATAL_FAILURE(Start());
    Listed listed = List();
    ExpectAllKnown(listed);
    whole_.Follow(NewChannel(server_->address()));
    zone_.Follow(NewChannel(server_->address()));
    const bool with_rare = number % kRareEvery == 0;
    if (with_rare) rare_.Follow(NewChannel(server_->address()));
    Follower fresh("fresh");
    fresh.Follow(NewChannel(server_->address()));
    if (number == 0) {
      ASSERT_TRUE(whole_.HasBegun() && zone_.HasBegun() && rare_.HasBegun());
      listed = List();
    }

    const microseconds life = Chance(kLongestLife);
    const Clock::time_point begun = Clock::now();
    load_.Begin(server_->address(), listed.revision);
    load_.Run(begun + Chance(life));
    ASSERT_TRUE(fresh.HasBegun()) << fresh.end();
    const Listed in_its_midst = List();
    load_.Run(begun + life);
    ExpectTruth(whole_, listed);
    ExpectTruth(whole_, in_its_midst);
    ExpectTruth(fresh, in_its_midst);
    if (with_rare) ExpectTruth(rare_, listed);
    // It knows that nothing more was for it when a bookmark says so: a short life has none.
    if (life > kLongestLife / 4) {
      ExpectTruth(zone_, listed);
      ExpectTruth(zone_, in_its_midst);
    }
    told_ = std::max(told_, in_its_midst.revision);
    churned_ += Clock::now() - begun;
    ASSERT_NO_FATAL_FAILURE(Kill());
    fresh.Leave();
    ExpectNoComplaint(fresh);
    ExpectNoComplaint();
  }

  const std::uint64_t seed_;
  std::mt19937_64 random_;
  const TempDir dir_;
  ChurnLoad load_;
  Follower whole_{"whole"}, zone_{"zone", "a"}, rare_{"rare"};
  microseconds start_time_{0};  // about
  Clock::duration churned_{0};
  std::unique_ptr<ServerProcess> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RegistryService::Stub> registry_;
  std::uint64_t told_ = 0;                          // the highest revision that anybody was told
  std::map<std::string, std::uint64_t> revisions_;  // of each client, when it was listed last
  std::int64_t deaths_ = 0;
  std::string server_errors_;
};

TEST_F(ChurnTest, TwoHundredKillsLoseNothing) {
  SCOPED_TRACE("LIVENESS_CHURN_SEED=" + std::to_string(seed_));
  int starts = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    SCOPED_TRACE("kill " + std::to_string(kill));
    if (kill > 0 && random_() % kInStartUp == 0) {
      ASSERT_NO_FATAL_FAILURE(KillInStartUp());
    } else {
      ASSERT_NO_FATAL_FAILURE(Live(starts++));
    }
    if (HasFailure()) return;
  }

  // And then it is left in peace: all that want to be there are.
  ASSERT_NO_FATAL_FAILURE(Start());
  Listed listed = List();
  ExpectAllKnown(listed);
  for (Follower* follower : {&whole_, &zone_, &rare_}) follower->Follow(NewChannel(server_->address()));
  load_.Begin(server_->address(), listed.revision, true);
  ASSERT_TRUE(load_.Settle());
  listed = List();
  ExpectAllKnown(listed);
  for (const Member& member : load_.members()) {
    if (member.fate != Member::Fate::kIn) continue;
    const v1::Client& client = listed.clients.at(member.id);
    EXPECT_EQ(client.state(), v1::STATE_ALIVE) << client.ShortDebugString();
    EXPECT_EQ(client.incarnation(), member.incarnation);
  }
  for (Follower* follower : {&whole_, &zone_, &rare_}) ExpectTruth(*follower, listed);
  for (Follower* follower : {&whole_, &zone_, &rare_}) follower->Leave();
  ASSERT_NO_FATAL_FAILURE(Kill());
  ExpectNoComplaint();
  EXPECT_EQ(server_errors_.find("DAMAGED"), std::string::npos) << server_errors_;

  std::printf(
      "%d kills, %d while it served; %lld registrations, %.0f a second, %lld resumed; %lld transitions "
      "told, %lld deaths; a start took %.0f ms\n",
      kKills, starts, static_cast<long long>(load_.welcomed()),
      static_cast<double>(load_.welcomed()) / std::chrono::duration<double>(churned_).count(),
      static_cast<long long>(load_.resumed()), static_cast<long long>(whole_.transitions()),
      static_cast<long long>(deaths_), static_cast<double>(start_time_.count()) / 1e3);
  EXPECT_GT(load_.welcomed(), 20 * kKills) << "the load did next to nothing";
  EXPECT_GT(deaths_, kKills) << "nobody died: the check on deaths says nothing";
}

}  // namespace
}  // namespace liveness::testing
