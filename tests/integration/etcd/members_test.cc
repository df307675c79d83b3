// Three members of etcd, of which one fails: the store goes on with the others.
#include <atomic>

#include "common/strings.h"
#include "tests/integration/etcd/etcd_fixture.h"

namespace liveness::testing {
namespace {

using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Members : public EtcdTest {
 protected:
  void SetUp() override {
    EtcdProcess::Options options;
    options.members = 3;
    StartEtcd(options);
  }

  // Changes one client after the other until it is told to end; all must be committed.
  class Churn {
   public:
    explicit Churn(EtcdServer& server, const std::string& name) : server_(server), name_(name) {
      thread_ = std::thread([this] { Run(); });
    }
    // How many changes were committed.
    std::size_t End() {
      end_ = true;
      thread_.join();
      return committed_;
    }
    std::size_t committed() const { return committed_; }

   private:
    void Run() {
      core::RecordPtr record;
      for (int n = 0; !end_; ++n) {
        const auto outcome =
            record == nullptr ? server_.proposer.Join(name_)
                              : server_.proposer.Move(record, n % 2 == 0 ? State::kAlive : State::kSuspect);
        ASSERT_TRUE(outcome.ok()) << outcome.status();
        record = *outcome;
        ++committed_;
      }
    }
    EtcdServer& server_;
    const std::string name_;
    std::atomic<bool> end_{false};
    std::atomic<std::size_t> committed_{0};
    std::thread thread_;
  };

  // Lets something happen under load; all must go on, and both servers tell the same.
  void Survive(const std::function<void()>& trouble, const std::function<void()>& repair) {
    auto options_b = OptionsOf("b");
    std::rotate(options_b.endpoints.begin(), options_b.endpoints.begin() + 1, options_b.endpoints.end());
    const auto a = Serve("a"), b = Serve(options_b);
    ASSERT_TRUE(a != nullptr && b != nullptr);
    Churn on_a(*a, "of-a"), on_b(*b, "of-b");
    ASSERT_TRUE(Eventually([&] { return on_a.committed() > 20 && on_b.committed() > 20; }));
    trouble();
    const std::size_t then_a = on_a.committed(), then_b = on_b.committed();
    EXPECT_TRUE(Eventually([&] { return on_a.committed() > then_a + 20 && on_b.committed() > then_b + 20; }));
    repair();
    const std::size_t all = on_a.End() + on_b.End();
    EXPECT_TRUE(EventuallyHealthy(*a) && EventuallyHealthy(*b));
    ASSERT_TRUE(
        Eventually([&] { return a->proposer.told().size() >= all && b->proposer.told().size() >= all; }));
    EXPECT_EQ(a->proposer.told().size(), all);
    EXPECT_EQ(Lines(*a), Lines(*b));
    EXPECT_EQ(a->proposer.disorder() + b->proposer.disorder(), "");
    EXPECT_EQ(a->proposer.servers(), (std::vector<std::string>{"a", "b"})) << "nobody lost its seat";
  }
};

TEST_F(Members, TheLeaderIsKilled) {
  if (etcd_ == nullptr) return;
  const int leader = etcd_->Leader();
  ASSERT_GE(leader, 0);
  Survive([&] { etcd_->Kill(leader); }, [&] { etcd_->Restart(leader); });
}

TEST_F(Members, AMemberHangs) {
  if (etcd_ == nullptr) return;
  Survive([&] { etcd_->Pause(0); }, [&] { etcd_->Continue(0); });
}

TEST_F(Members, WithoutAMajorityNothingIsCommittedAndThenAll) {
  if (etcd_ == nullptr) return;
  const auto server = Serve("a");
  const auto joined = server->proposer.Join("web-1");
  ASSERT_TRUE(joined.ok());
  etcd_->Pause(1);
  etcd_->Pause(2);
  ASSERT_TRUE(EventuallySick(*server));
  const auto proposal = server->proposer.Propose(*joined, [&] {
    core::ClientRecord after = **joined;
    after.state = State::kSuspect;
    return after;
  }());
  EXPECT_EQ(common::ReasonOf(server->proposer.Join("web-2").status()), "STORE_UNAVAILABLE");
  EXPECT_FALSE(server->proposer.Known(proposal));
  etcd_->Continue(1);
  EXPECT_TRUE(server->proposer.Await(proposal).ok());
  EXPECT_TRUE(EventuallyHealthy(*server));
  etcd_->Continue(2);
}

}  // namespace
}  // namespace liveness::testing
