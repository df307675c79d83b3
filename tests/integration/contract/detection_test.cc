// Silence is always found, in time, and told once; our own stops are not silence.
#include <algorithm>
#include <map>
#include <set>

#include "tests/integration/contract/contract_fixture.h"
#include "tests/integration/server/query_watcher.h"

namespace liveness::testing {
namespace {

using google::protobuf::util::TimeUtil;

std::int64_t Millis(const google::protobuf::Duration& span) { return TimeUtil::DurationToMilliseconds(span); }

// A call that sends and never reads: what the server writes to it gets stuck.
class DeafClient {
 public:
  DeafClient(const std::string& address, const v1::HeartbeatRequest& hello) : channel_(NewChannel(address)) {
    stream_ = v1::HeartbeatService::NewStub(channel_)->Heartbeat(&context_);
    stream_->Write(hello);
  }
  ~DeafClient() {
    context_.TryCancel();
    (void)stream_->Finish();
  }
  bool Ping(std::uint64_t sequence) {
    v1::HeartbeatRequest request;
    request.mutable_ping()->set_sequence(sequence);
    return stream_->Write(request);
  }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::HeartbeatRequest, v1::HeartbeatResponse>> stream_;
};

class DetectionTest : public ContractTest {
 protected:
  // SUSPECT at `timeout` of silence, DEAD `grace` after it, both on the witness
  // clock, and the rest of the time is accounted for.
  void ExpectFoundInTime(const std::string& id, milliseconds timeout, milliseconds grace) {
    ASSERT_TRUE(Reaches(id, v1::STATE_DEAD)) << id;
    const auto told = TransitionsOf(id);
    ASSERT_EQ(told.size(), 3U) << id;
    EXPECT_EQ(told[1].to_state(), v1::STATE_SUSPECT);
    EXPECT_EQ(told[2].to_state(), v1::STATE_DEAD);
    // Its kernel, which is this test's, acknowledges all the while.
    EXPECT_EQ(v1::Cause_Name(told[2].cause()), v1::Cause_Name(v1::CAUSE_PROCESS_STOPPED)) << id;
    const std::int64_t suspected = Millis(told[1].evidence().heartbeat().silence());
    const std::int64_t died = Millis(told[2].evidence().heartbeat().silence());
    EXPECT_GE(suspected, timeout.count()) << id;
    EXPECT_LT(suspected, timeout.count() + kLateness.count()) << id;
    EXPECT_GE(died - suspected, grace.count()) << id;
    EXPECT_LT(died - suspected, grace.count() + kLateness.count()) << id;
    // What was credited is no more than what passed beyond it.
    const std::int64_t wall =
        TimeUtil::TimestampToMilliseconds(told[2].time()) - TimeUtil::TimestampToMilliseconds(told[0].time());
    EXPECT_GE(wall, died) << id;
  }

  // Two orders above what an idle machine shows; a machine that is busy with
  // other things is credited by the witness clock, not by this.
  static constexpr milliseconds kLateness{500};
};

TEST_F(DetectionTest, NeitherAWatcherNorADeafClientDelaysIt) {
  StartServer({"--resume-grace=500ms", "--max-ping-rate=0"});
  // A watcher that never reads, and a client that never reads and has its pongs stuck.
  Watcher idle(NewChannel(address()), {});
  DeafClient deaf(address(), HeartbeatStream::Hello("deaf", "1", milliseconds(100), milliseconds(2000)));
  for (std::uint64_t sequence = 1; sequence <= 20'000; ++sequence) ASSERT_TRUE(deaf.Ping(sequence));

  std::vector<std::unique_ptr<HeartbeatStream>> silent;
  for (int i = 0; i < 40; ++i) {
    silent.push_back(std::make_unique<HeartbeatStream>(channel_));
    ASSERT_TRUE(silent.back()->Join(
        HeartbeatStream::Hello("silent-" + std::to_string(i), "1", milliseconds(100), milliseconds(1000))));
  }
  for (int i = 0; i < 40; ++i) {
    ExpectFoundInTime("silent-" + std::to_string(i), milliseconds(1000), milliseconds(500));
    const auto status = silent[i]->End();
    ASSERT_TRUE(status);
    EXPECT_EQ(status->error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
    EXPECT_EQ(DetailsOf(*status).reason, "SILENT");
  }
  // The deaf one is found like any other, and its stream goes although it takes no status.
  ExpectFoundInTime("deaf", milliseconds(2000), milliseconds(500));
  EXPECT_TRUE(Eventually([&] {
    grpc::ClientContext context;
    v1::GetStatsResponse stats;
    return registry_->GetStats(&context, {}, &stats).ok() && stats.stream_count() == 1;
  }));
}

TEST_F(DetectionTest, ADeathIsToldOnceToEveryWatcher) {
  StartServer({"--resume-grace=300ms"});
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (int i = 0; i < 3; ++i) {
    watchers.push_back(std::make_unique<Watcher>(NewChannel(address()), v1::WatchClientsRequest()));
    ASSERT_TRUE(watchers.back()->CatchUp(1));
  }
  // By silence, by a cut, by a report, by an operator.
  std::vector<std::unique_ptr<HeartbeatStream>> streams;
  std::map<std::string, std::set<v1::Cause>> causes;
  for (int i = 0; i < 40; ++i) {
    const std::string id = "dies-" + std::to_string(i);
    const milliseconds timeout(i % 4 == 0 ? 600 : 20'000);
    streams.push_back(std::make_unique<HeartbeatStream>(NewChannel(address())));
    ASSERT_TRUE(streams.back()->Join(HeartbeatStream::Hello(id, "1", milliseconds(100), timeout)));
    if (i % 4 == 0) causes[id] = {v1::CAUSE_PROCESS_STOPPED};
    if (i % 4 == 1) {
      // It cancels its call and then closes: the server may look in between.
      streams.back().reset();
      causes[id] = {v1::CAUSE_PROCESS_EXITED, v1::CAUSE_STREAM_CLOSED};
    }
    if (i % 4 == 2) {
      v1::HeartbeatRequest goodbye;
      goodbye.mutable_goodbye()->set_signal(11);
      ASSERT_TRUE(streams.back()->Send(goodbye));
      causes[id] = {v1::CAUSE_PROCESS_EXITED};
    }
    if (i % 4 == 3) {
      grpc::ClientContext context;
      v1::EvictClientRequest request;
      request.set_name("clients/" + id);
      v1::Client client;
      ASSERT_TRUE(admin_->EvictClient(&context, request, &client).ok());
      causes[id] = {v1::CAUSE_EVICTED};
    }
  }
  for (const auto& [id, allowed] : causes) ASSERT_TRUE(Reaches(id, v1::STATE_DEAD)) << id;

  const std::vector<v1::Transition> history = Transitions("to_state = DEAD");
  std::map<std::pair<std::string, std::uint64_t>, std::uint64_t> told;  // revision by incarnation
  for (const v1::Transition& death : history) {
    EXPECT_TRUE(told.emplace(std::pair(death.client_id(), death.incarnation()), death.revision()).second)
        << death.client_id();
    EXPECT_TRUE(causes[death.client_id()].contains(death.cause())) << death.ShortDebugString();
  }
  EXPECT_EQ(told.size(), causes.size());
  for (const auto& watcher : watchers) {
    std::map<std::pair<std::string, std::uint64_t>, std::uint64_t> seen;
    std::uint64_t revision = 0;
    while (watcher->revision < history.back().revision()) {
      ASSERT_TRUE(watcher->Next());
      for (const v1::Transition& each : watcher->last.transitions()) {
        EXPECT_GT(each.revision(), revision);
        revision = each.revision();
        if (each.to_state() != v1::STATE_DEAD) continue;
        EXPECT_TRUE(seen.emplace(std::pair(each.client_id(), each.incarnation()), revision).second);
      }
    }
    EXPECT_EQ(seen, told);
    EXPECT_EQ(watcher->gaps, 0);
  }
}

TEST_F(DetectionTest, OurOwnStopIsNobodysSilence) {
  StartServer({"--resume-grace=500ms"});
  constexpr int kClients = 30;
  std::vector<std::unique_ptr<HeartbeatStream>> beating;
  for (int i = 0; i < kClients; ++i) {
    // Three connections, as if from three hosts.
    if (i % (kClients / 3) == 0) channel_ = NewChannel(address());
    beating.push_back(std::make_unique<HeartbeatStream>(channel_));
    ASSERT_TRUE(beating.back()->Join(
        HeartbeatStream::Hello("beating-" + std::to_string(i), "1", milliseconds(200), milliseconds(1000))));
  }
  HeartbeatStream silent(channel_);
  std::atomic<bool> stop{false};
  std::thread beats([&] {
    for (std::uint64_t sequence = 1; !stop; ++sequence) {
      for (const auto& stream : beating) stream->Ping(sequence);
      std::this_thread::sleep_for(milliseconds(100));
    }
  });
  // Gives the server up while it stands, and comes back: all it did was to believe its own timer.
  auto impatient = std::make_unique<HeartbeatStream>(address());
  auto hello = HeartbeatStream::Hello("impatient", "1", milliseconds(200), milliseconds(3000));
  const auto welcome = impatient->Join(hello);
  ASSERT_TRUE(welcome);
  ASSERT_TRUE(silent.Join(HeartbeatStream::Hello("silent", "1", milliseconds(200), milliseconds(1000))));
  server_->Pause();
  std::this_thread::sleep_for(seconds(3));
  EXPECT_TRUE(impatient->Ping(1));  // read before the close that follows it
  std::this_thread::sleep_for(seconds(1));
  impatient.reset();
  std::this_thread::sleep_for(seconds(1));
  server_->Continue();
  hello.mutable_hello()->set_resume_token(welcome->resume_token());
  HeartbeatStream again(address());
  const auto resumed = again.Join(hello);
  ASSERT_TRUE(resumed);
  EXPECT_EQ(resumed->incarnation(), welcome->incarnation());
  EXPECT_TRUE(again.Goodbye());
  // Whoever is to be suspected wrongly is by the time that the silent one is dead, rightly.
  EXPECT_TRUE(Reaches("silent", v1::STATE_DEAD));
  std::this_thread::sleep_for(seconds(2));
  stop = true;
  beats.join();
  for (const v1::Transition& each : Transitions("to_state = SUSPECT OR to_state = DEAD")) {
    EXPECT_EQ(each.client_id(), "silent") << each.ShortDebugString();
  }
  const auto told = TransitionsOf("silent");
  ASSERT_EQ(told.size(), 3U);
  EXPECT_GE(Millis(told[1].evidence().heartbeat().credited()), 4000);
}

}  // namespace
}  // namespace liveness::testing
