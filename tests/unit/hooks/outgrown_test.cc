// A receiver that is away for longer than history reaches back: what it has lost is told, to the revision.
#include <gmock/gmock.h>

#include <string>

#include "tests/unit/hooks/disk_server.h"

namespace liveness::hooks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kClients = 300;
constexpr std::size_t kKept = 20;

class Outgrown : public DiskServerTest {
 protected:
  Outgrown() {
    options_.max_history_rows = kKept;
    registry_options_.max_history = kKept;
  }
  void JoinMany() {
    for (int n = 0; n < kClients; ++n) (void)Join("web-" + std::to_string(n));
    const std::uint64_t last = server_->harness.registry.revision();
    ASSERT_TRUE(Await([&] { return *server_->store->compacted() >= last - kKept; }));
  }
  // What has come of the gap: all of it, its place and what follows without another one.
  void ExpectOneGap(std::size_t first, std::uint64_t after) {
    ASSERT_TRUE(Await([&] { return !Sent().empty() && Sent().back() == Subject(kClients - 1); }))
        << ::testing::PrintToString(Sent());
    const std::vector<EventPtr> events = server_->delivery->Sent("pager");
    std::vector<EventPtr> sent(events.begin() + static_cast<std::ptrdiff_t>(first), events.end());
    ASSERT_EQ(sent.size(), kKept + 1);
    EXPECT_EQ(sent[0]->subject, "history");
    const std::uint64_t until = sent[1]->revision - 1;
    EXPECT_THAT(sent[0]->body, HasSubstr("\"after_revision\":\"" + std::to_string(after) + "\""));
    EXPECT_THAT(sent[0]->body, HasSubstr("\"resumes_at_revision\":\"" + std::to_string(until) + "\""));
    for (std::size_t n = 0; n < kKept; ++n) {
      EXPECT_EQ(sent[n + 1]->subject, Subject(kClients - static_cast<int>(kKept - n)));
    }
  }
  static std::string Subject(int client) { return "clients/web-" + std::to_string(client) + "/ALIVE"; }
};

TEST_F(Outgrown, WhileTheServerRuns) {
  Start({Result::kFailed, "away", std::chrono::milliseconds(1)});
  (void)Join("first");
  ASSERT_TRUE(server_->delivery->Await("pager", 1));
  const std::uint64_t after = server_->harness.registry.revision();
  JoinMany();
  server_->delivery->Answer("pager", {});
  ASSERT_TRUE(Await([&] { return server_->hooks->States()[0].taken > 0; }));
  std::size_t first = 0;  // the tries of the event that it was at
  while (Sent()[first] == "clients/first/ALIVE") ++first;
  ExpectOneGap(first, after);
}

TEST_F(Outgrown, OverAKill) {
  Start({Result::kFailed, "away"});
  const std::uint64_t after = server_->hooks->States()[0].revision;
  JoinMany();
  Kill();
  Start();
  ExpectOneGap(0, after);
  EXPECT_TRUE(Await([&] { return server_->hooks->States()[0].gaps == 1; }));
}

}  // namespace
}  // namespace liveness::hooks
