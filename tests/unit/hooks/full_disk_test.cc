// Hooks whose server's disk is full: nothing waits for it, nothing is lost while the server lives, and what a
// crash then costs is told.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/hooks/disk_server.h"

namespace liveness::hooks {
namespace {

using ::testing::ElementsAre;

using FullDisk = DiskServerTest;

TEST_F(FullDisk, WhatHappensMeanwhileIsSent) {
  Start();
  const testing::Peer peer = Join("web-1");
  ASSERT_TRUE(server_->delivery->Await("pager", 1));
  disk_.FailFrom(1, SQLITE_FULL);
  Close("web-1", peer);
  ASSERT_TRUE(server_->delivery->Await("pager", 2));
  EXPECT_THAT(Sent(), ElementsAre("clients/web-1/ALIVE", "clients/web-1/SUSPECT/PROCESS_EXITED"));
  EXPECT_FALSE(server_->store->health().ok());
}

TEST_F(FullDisk, WhatACrashThenCostsIsToldAsAGap) {
  Start();
  const testing::Peer peer = Join("web-1");
  ASSERT_TRUE(server_->delivery->Await("pager", 1));
  disk_.FailFrom(1, SQLITE_FULL);
  server_->delivery->Answer("pager", {Result::kFailed, "away"});
  Close("web-1", peer);
  ASSERT_TRUE(server_->delivery->Await("pager", 2));
  disk_.Heal();
  // The disk works again, and history has a gap.
  ASSERT_TRUE(Await([&] {
    clock_.Advance(std::chrono::seconds(1));
    return server_->store->health().ok();
  }));
  Kill();
  Start();
  EXPECT_TRUE(Await([&] {
    const auto sent = Sent();
    return std::find(sent.begin(), sent.end(), "history") != sent.end();
  })) << ::testing::PrintToString(Sent());
}

}  // namespace
}  // namespace liveness::hooks
