#include "server/storage/etcd/checks/origin.h"

#include <gtest/gtest.h>

namespace liveness::storage::etcd {
namespace {

TEST(Origin, AnEtcdThatGoesOnIsTheSame) {
  const Origin kept = OriginFacts{7, 8, 5, 8}.Certain();
  EXPECT_EQ(kept, (Origin{7, 3}));
  EXPECT_FALSE((OriginFacts{7, 8, 5, 8}.IsAfterRestoring(kept)));
  EXPECT_FALSE((OriginFacts{7, 108, 105, 108}.IsAfterRestoring(kept))) << "a hundred writes";
  EXPECT_FALSE((OriginFacts{7, 50, 5, 50}.IsAfterRestoring(kept))) << "elections and leases";
  EXPECT_FALSE((OriginFacts{7, 8, 12, 19}.IsAfterRestoring(kept))) << "others write between the looks";
}

TEST(Origin, ARestoredOneIsNot) {
  const Origin kept{7, 3};
  EXPECT_TRUE((OriginFacts{7, 4, 1'000, 4}.IsAfterRestoring(kept)));
  EXPECT_TRUE((OriginFacts{7, 400, 1'000, 410}.IsAfterRestoring(kept))) << "and has run for a while";
  EXPECT_TRUE((OriginFacts{8, 2'000, 1'000, 2'000}.IsAfterRestoring(kept))) << "another cluster's number";
  // Restored once more.
  const Origin again = OriginFacts{7, 4, 1'000, 4}.Certain();
  EXPECT_TRUE((OriginFacts{7, 5, 3'000, 5}.IsAfterRestoring(again)));
}

TEST(Origin, IsReadAsItIsWritten) {
  for (const Origin& origin : {Origin{0, 0}, Origin{18'446'744'073'709'551'615u, -995}}) {
    EXPECT_EQ(DecodeOrigin(EncodeOrigin(origin)), origin);
  }
  for (const char* text : {"", "7", "7 ", "7 x", "x 7", "7 1 2"}) EXPECT_FALSE(DecodeOrigin(text)) << text;
}

TEST(Origin, TheNextHistoryIsAboveWallClockAndAllThatWasGiven) {
  const History old{"0123456789abcdef", 1'000};
  const common::WallTime now{std::chrono::microseconds(5'000)};
  EXPECT_EQ(NextHistory(old, 10, 0, now).base, 5'000u);
  EXPECT_EQ(NextHistory(old, 10, 9'000, now).base, 9'000u);
  EXPECT_EQ(NextHistory(old, 8'000, 0, now).base, 9'000u);
  EXPECT_EQ(NextHistory(old, 10, 0, common::WallTime{-std::chrono::hours(1)}).base, 1'010u);
  EXPECT_NE(NextHistory(old, 10, 0, now).id, old.id);
}

}  // namespace
}  // namespace liveness::storage::etcd
