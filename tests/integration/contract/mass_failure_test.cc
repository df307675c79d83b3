// Thirty clients of one host are gone at once: one event says so before the first
// death, to every watcher. And a server that hears nearly nobody doubts itself.
#include <algorithm>

#include <gmock/gmock.h>

#include "tests/integration/contract/contract_fixture.h"

namespace liveness::testing {
namespace {

constexpr int kMany = 30;

// What a watch tells, in the order of its revisions; a group event before what
// else has its revision.
class Story {
 public:
  Story(const std::shared_ptr<grpc::Channel>& channel, const v1::WatchClientsRequest& request)
      : stub_(v1::RegistryService::NewStub(channel)) {
    context_.set_deadline(std::chrono::system_clock::now() + seconds(60));
    reader_ = stub_->WatchClients(&context_, request);
  }
  ~Story() { context_.TryCancel(); }

  // Reads until `holds` does; false at the end of the stream.
  template <typename Condition>
  bool ReadUntil(Condition holds) {
    while (!holds()) {
      v1::WatchClientsResponse message;
      if (!reader_->Read(&message)) return false;
      for (const v1::GroupEvent& group : message.groups()) {
        // A death that came in an earlier message came before it, whatever its revision.
        if (deaths != 0 && groups.empty()) death_came_first = true;
        groups.push_back(group);
      }
      for (const v1::Transition& each : message.transitions()) {
        suspicions += each.to_state() == v1::STATE_SUSPECT ? 1 : 0;
        if (each.to_state() != v1::STATE_DEAD) continue;
        ++deaths;
        first_death = first_death == 0 ? each.revision() : std::min(first_death, each.revision());
      }
      snapshot_done = snapshot_done || message.snapshot_done();
      revision = std::max(revision, message.revision());
    }
    return true;
  }
  const v1::GroupEvent* Of(const std::string& scope) const {
    const auto at =
        std::find_if(groups.begin(), groups.end(), [&](const auto& each) { return each.scope() == scope; });
    return at == groups.end() ? nullptr : &*at;
  }

  std::vector<v1::GroupEvent> groups;
  std::uint64_t first_death = 0;
  std::uint64_t revision = 0;
  int deaths = 0;
  int suspicions = 0;
  bool death_came_first = false;
  bool snapshot_done = false;

 private:
  std::unique_ptr<v1::RegistryService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchClientsResponse>> reader_;
};

class MassFailureTest : public ContractTest, public ::testing::WithParamInterface<const char*> {
 protected:
  std::vector<std::unique_ptr<HeartbeatStream>> JoinMany(const std::string& host, int count,
                                                         milliseconds interval, milliseconds timeout) {
    std::vector<std::unique_ptr<HeartbeatStream>> streams;
    for (int i = 0; i < count; ++i) {
      streams.push_back(std::make_unique<HeartbeatStream>(address()));  // a connection of its own
      auto hello = HeartbeatStream::Hello(host + "-" + std::to_string(i), "1", interval, timeout);
      hello.mutable_hello()->set_host(host);
      (*hello.mutable_hello()->mutable_labels())["zone"] = "eu-1";
      EXPECT_TRUE(streams.back()->Join(hello));
    }
    return streams;
  }
  v1::GetStatsResponse Stats() {
    grpc::ClientContext context;
    SetPatience(context);
    v1::GetStatsResponse stats;
    EXPECT_TRUE(registry_->GetStats(&context, {}, &stats).ok());
    return stats;
  }
};

TEST_P(MassFailureTest, IsToldBeforeTheFirstDeath) {
  StartServer({GetParam(), "--group-label=zone"});
  auto fallen = JoinMany("db-7", kMany, seconds(5), seconds(20));
  const auto staying = JoinMany("web-1", kMany + 5, seconds(5), seconds(20));
  Story story(channel_, {});
  v1::WatchClientsRequest nobody;
  nobody.set_filter("client_id = nobody");
  Story filtered(channel_, nobody);
  ASSERT_TRUE(story.ReadUntil([&] { return story.snapshot_done; }));
  ASSERT_TRUE(filtered.ReadUntil([&] { return filtered.snapshot_done; }));
  const std::uint64_t before = story.revision;

  for (const auto& stream : fallen) stream->Cancel();
  ASSERT_TRUE(story.ReadUntil([&] { return story.deaths == kMany; }));
  const v1::GroupEvent* event = story.Of("host=db-7");
  ASSERT_NE(event, nullptr);
  EXPECT_FALSE(story.death_came_first);
  EXPECT_LT(event->revision(), story.first_death);
  EXPECT_EQ(event->affected_count(), kMany / 2 + 1) << "as soon as the share is passed";
  EXPECT_EQ(event->member_count(), kMany);
  EXPECT_TRUE(event->has_time());
  EXPECT_EQ(story.suspicions, kMany);
  EXPECT_EQ(story.groups.size(), 1U) << "of the zone, the subnet and everyone it was less than half";

  ASSERT_TRUE(filtered.ReadUntil([&] { return !filtered.groups.empty(); })) << "whatever its filter";
  EXPECT_EQ(filtered.groups[0].revision(), event->revision());
  EXPECT_EQ(filtered.deaths, 0);

  v1::WatchClientsRequest resumed;
  resumed.set_start_revision(before);
  Story later(channel_, resumed);
  ASSERT_TRUE(later.ReadUntil([&] { return later.deaths == kMany; }));
  ASSERT_EQ(later.groups.size(), 1U) << "history keeps it";
  EXPECT_EQ(later.groups[0].revision(), event->revision());
  EXPECT_EQ(Stats().group_event_count(), 1);
  EXPECT_EQ(Stats().doubt_count(), 0);
}

TEST_P(MassFailureTest, OfALabelThatWasChosen) {
  StartServer({GetParam(), "--group-label=zone"});
  auto fallen = JoinMany("db-7", kMany, seconds(5), seconds(20));
  Story story(channel_, {});
  ASSERT_TRUE(story.ReadUntil([&] { return story.snapshot_done; }));
  for (const auto& stream : fallen) stream->Cancel();
  ASSERT_TRUE(story.ReadUntil([&] { return story.deaths == kMany; }));
  for (const char* scope : {"host=db-7", "label zone=eu-1", "subnet=127.0.0.0/24", "everyone"}) {
    const v1::GroupEvent* event = story.Of(scope);
    ASSERT_NE(event, nullptr) << scope;
    EXPECT_LT(event->revision(), story.first_death) << scope;
  }
  EXPECT_FALSE(story.death_came_first);
  EXPECT_EQ(story.groups.size(), 4U) << "once each";
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutGrace, MassFailureTest,
                         ::testing::Values("--resume-grace=1s", "--resume-grace=0"),
                         [](const auto& info) { return info.index == 0 ? "Grace" : "NoGrace"; });

TEST_F(MassFailureTest, WhoHearsNearlyNobodyDoubtsItselfAndGetsOverIt) {
  StartServer({"--resume-grace=50ms"});
  // They say hello, and nothing ever after.
  auto silent = JoinMany("db-7", kMany, milliseconds(200), milliseconds(400));
  EXPECT_TRUE(Eventually([&] { return Stats().counts().dead() == kMany; })) << "silence is always found";
  const v1::GetStatsResponse stats = Stats();
  EXPECT_EQ(stats.doubt_count(), 1);
  EXPECT_GT(stats.held_death_count(), 0);
  EXPECT_THAT(server_->StandardError(), ::testing::HasSubstr("this server doubts itself"));
}

}  // namespace
}  // namespace liveness::testing
