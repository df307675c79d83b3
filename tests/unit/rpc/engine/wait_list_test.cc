#include "server/rpc/engine/wait_list.h"

#include <gtest/gtest.h>

namespace liveness::rpc {
namespace {

using std::chrono::seconds;

common::MonoTime At(int second) { return common::MonoTime{} + seconds(second); }

TEST(WaitListTest, TheLongestWaitingIsDueFirst) {
  WaitList list(seconds(5));
  EXPECT_FALSE(list.NextDue());
  EXPECT_EQ(list.PopDue(At(100)), nullptr);
  WaitList::Entry a, b, c;
  EXPECT_EQ(list.Add(a, At(0)), At(5));
  list.Add(b, At(1));
  list.Add(c, At(1));
  EXPECT_EQ(list.NextDue(), At(5));
  EXPECT_EQ(list.PopDue(At(4)), nullptr);
  WaitList::Remove(a);
  EXPECT_FALSE(a.waits());
  EXPECT_EQ(list.NextDue(), At(6));
  EXPECT_EQ(list.PopDue(At(6)), &b);
  EXPECT_EQ(list.PopDue(At(6)), &c);
  EXPECT_EQ(list.PopDue(At(6)), nullptr);
  EXPECT_FALSE(list.NextDue());
}

TEST(WaitListTest, WhoLeftMayComeAgain) {
  WaitList list(seconds(5));
  WaitList other(seconds(1));
  WaitList::Entry a;
  list.Add(a, At(0));
  WaitList::Remove(a);
  WaitList::Remove(a);
  other.Add(a, At(3));
  EXPECT_FALSE(list.NextDue());
  EXPECT_EQ(other.PopDue(At(4)), &a);
  WaitList::Remove(a);
}

}  // namespace
}  // namespace liveness::rpc
