// A mass failure whose server is killed right after the fall that completed it.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/hooks/disk_server.h"

namespace liveness::hooks {
namespace {

using GroupKill = DiskServerTest;

TEST_F(GroupKill, TheEventIsSentAfterItUnderTheIdThatWatchersSaw) {
  Start();
  std::vector<std::pair<std::string, testing::Peer>> clients;
  for (int n = 0; n < 10; ++n) {
    const std::string id = "web-" + std::to_string(n);
    clients.emplace_back(id, Join(id));
  }
  for (std::size_t n = 0; n < 5; ++n) Close(clients[n].first, clients[n].second);
  ASSERT_TRUE(server_->delivery->Await("pager", 15));
  // From here on no hook takes note of anything, as if the server were killed with the next commit.
  server_->store->notes().StandDown();
  Close(clients[5].first, clients[5].second);
  const registry::Registry& registry = server_->harness.registry;
  const auto last = registry.HistoryAfter(0, 1'000).transitions.back();
  ASSERT_NE(last->groups, nullptr);
  const std::string id = GroupEvent(registry.history_id(), last->groups->front())->id;
  Kill();

  Start();
  const auto is_sent = [&] {
    const auto sent = server_->delivery->Sent("pager");
    return std::any_of(sent.begin(), sent.end(), [&](const EventPtr& each) { return each->id == id; });
  };
  EXPECT_TRUE(Await(is_sent)) << id << " is not among " << ::testing::PrintToString(Sent());
}

}  // namespace
}  // namespace liveness::hooks
