// What etcd refuses to take: too large a change, or anything on a full disk.
#include "common/strings.h"
#include "tests/integration/etcd/etcd_fixture.h"

namespace liveness::testing {
namespace {

using core::State;

using Limits = EtcdTest;

TEST_F(Limits, WhatEtcdWillNeverTakeHurtsNobodyElse) {
  EtcdProcess::Options small;
  small.args = {"--max-request-bytes=8000"};
  StartEtcd(small);
  if (etcd_ == nullptr) return;
  const auto server = Serve("a");
  JoinMany(*server, 100);  // the first batches are larger than etcd takes
  core::ClientRecord large = NewSession("large");
  core::ClientInfo info = large.info.Unpack();
  info.last_will = std::string(9000, 'x');
  large.info = core::PackedInfo(info);
  const auto unfit = server->proposer.Propose(nullptr, large);
  const auto suspects = MoveAll(*server, State::kSuspect);
  EXPECT_EQ(common::ReasonOf(server->proposer.Await(unfit).status()), "STORE_UNAVAILABLE");
  ExpectAllCommitted(*server, suspects);
  // A change of a session cannot be refused: it waits, and the others pass it.
  const auto record = server->proposer.Records().at("web-1");
  large = *record;
  info = large.info.Unpack();
  info.last_will = std::string(9000, 'x');
  large.info = core::PackedInfo(info);
  const auto waits = server->proposer.Propose(record, large);
  EXPECT_TRUE(server->proposer.Join("web-999").ok());
  EXPECT_FALSE(server->proposer.Known(waits));
}

TEST_F(Limits, ADiskThatIsFullIsSaidAndRecovers) {
  EtcdProcess::Options small;
  small.args = {"--quota-backend-bytes=1000000"};
  StartEtcd(small);
  if (etcd_ == nullptr) return;
  const auto server = Serve("a");
  JoinMany(*server, 10);
  const std::string filler(100'000, 'x');
  for (int n = 0; n < 20; ++n) etcd_->Ctl({"put", common::StrCat("/filler/", n), filler});
  const auto proposals = MoveAll(*server, State::kSuspect);
  ASSERT_TRUE(EventuallySick(*server));
  EXPECT_THAT(std::string(server->store->health().message()), ::testing::HasSubstr("space exceeded"));
  EXPECT_EQ(common::ReasonOf(server->proposer.Join("late").status()), "STORE_UNAVAILABLE");

  etcd_->Ctl({"del", "--prefix", "/filler/"});
  ASSERT_NE(etcd_->Ctl({"compaction", "--physical", EtcdRevision()}), "");
  ASSERT_NE(etcd_->Ctl({"defrag"}), "");
  ASSERT_NE(etcd_->Ctl({"alarm", "disarm"}), "");
  ExpectAllCommitted(*server, proposals);
  ASSERT_TRUE(EventuallyHealthy(*server));
  EXPECT_TRUE(server->proposer.Join("late").ok());
}

}  // namespace
}  // namespace liveness::testing
