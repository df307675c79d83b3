// A server, a thousand bystanders that beat on while one caller takes more than its share, and what that
// costs them: none is suspected, real falls are found, memory stays. Each attack prints its figures;
// docs/connections.md has them. Header only.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/attack/attacked_server.h"
#include "tests/support/fleet.h"
#include "tests/support/memory.h"

namespace liveness::testing {

class LimitsAttack : public AttackTest {
 protected:
  using seconds = std::chrono::seconds;
  using steady_clock = std::chrono::steady_clock;
  // Of a thousand bystanders, before and in the attack.
  static inline const int kFallen = Bearable(40);
  static constexpr long kMoreMemory = 150;  // MiB

  void StartAttacked(std::vector<std::string> flags = {}) {
    Start(WithTokens(std::move(flags)));
    Settle();
  }
  void StartAttackedOverTls() {
    credentials_ = grpc::SslCredentials({.pem_root_certs = TheAuthority().cert()});
    StartTls(WithTokens({}), false);
    Settle();
  }
  // Some bystanders' streams break; how long it took until 99 % were told.
  Millis Fall() {
    const std::vector<std::string> ids = fleet_->Last(kFallen);
    watch_->Expect(ids);
    const auto since = steady_clock::now();
    fleet_->CutOff(kFallen);
    const auto found = watch_->Found(ids, since, seconds(10));
    EXPECT_EQ(found.size(), ids.size()) << "falls that were not told";
    return found.empty() ? Millis(0) : found[found.size() * 99 / 100];
  }
  v1::GetStatsResponse Stats() const {
    v1::RegistryService::Stub stub(ops_);
    v1::GetStatsResponse stats;
    EXPECT_TRUE(
        Call(stub, &v1::RegistryService::Stub::GetStats, v1::GetStatsRequest(), stats, TokenOf("ops")).ok());
    return stats;
  }
  // How far the registry has come.
  std::uint64_t Revision() const {
    v1::RegistryService::Stub stub(ops_);
    v1::ListClientsRequest request;
    request.set_page_size(1);
    v1::ListClientsResponse page;
    EXPECT_TRUE(Call(stub, &v1::RegistryService::Stub::ListClients, request, page, TokenOf("ops")).ok());
    return page.revision();
  }
  // `attack` is called by `threads` at once, again and again, for some seconds in which bystanders fall, and
  // on until it `succeeds`: a busy machine may take longer to go past a bound.
  void Under(
      int threads, const std::function<void(int thread)>& attack,
      const std::function<bool()>& succeeds = [] { return true; }) {
    if (HasFatalFailure()) return;  // it did not come to be as it should before
    std::vector<std::jthread> attackers;
    for (int i = 0; i < threads; ++i) {
      attackers.emplace_back([&attack, i](const std::stop_token& stop) {
        while (!stop.stop_requested()) attack(i);
      });
    }
    std::this_thread::sleep_for(seconds(2));
    const Millis p99 = Fall();
    std::this_thread::sleep_for(seconds(2));
    EXPECT_TRUE(Within(seconds(60), succeeds)) << "the attack was too weak: it proves nothing";
    const long memory = ResidentMiB(server_->pid());
    for (auto& attacker : attackers) attacker.request_stop();
    attackers.clear();
    ExpectUndisturbed(p99, memory);
  }
  void ExpectUndisturbed(Millis p99, long memory) {
    EXPECT_EQ(watch_->blamed(), 0) << "of the bystanders";
    EXPECT_EQ(fleet_->ended(), 0) << "of their streams";
    EXPECT_LT(memory - memory_, MayTakeMiB(kMoreMemory));
    const auto credited =
        google::protobuf::util::TimeUtil::DurationToMilliseconds(Stats().credited_time() - credited_);
    std::printf(
        "LIMITS %s: suspected %d, credited %lld ms, found p99 %lld ms idle and %lld ms under attack, %+ld "
        "MiB\n",
        ::testing::UnitTest::GetInstance()->current_test_info()->name(), watch_->blamed(),
        static_cast<long long>(credited), static_cast<long long>(idle_p99_.count()),
        static_cast<long long>(p99.count()), memory - memory_);
  }
  // How a hello of the attacker's ends, or "welcome"; the stream is kept if it does not.
  std::string Join(std::vector<std::unique_ptr<HeartbeatStream>>& streams,
                   const std::shared_ptr<grpc::Channel>& channel, const std::string& id) const {
    streams.push_back(std::make_unique<HeartbeatStream>(channel, Millis(0), TokenOf("evil")));
    if (streams.back()->Join(HeartbeatStream::Hello(id, "1"))) return "welcome";
    const auto end = streams.back()->End();
    streams.pop_back();
    return end ? ReasonOrCode(*end) : "nothing";
  }

  std::vector<std::string> WithTokens(std::vector<std::string> flags) {
    flags.push_back("--token-file=" +
                    Write("tokens.toml", TokenEntry("fleet", "\"beat\"") + TokenEntry("ops", "\"view\"") +
                                             TokenEntry("evil", "\"beat\", \"view\"")));
    flags.push_back("--data-dir=" + dir_.file("data"));
    return flags;
  }
  // How it is before the attack.
  void Settle() {
    ASSERT_NE(server_, nullptr);
    ops_ = Channel();
    fleet_.emplace(
        FleetOptions{.address = server_->address(), .token = TokenOf("fleet"), .credentials = credentials_});
    ASSERT_EQ(fleet_->welcomed(), Bearable(1'000));
    watch_.emplace(Channel(), TokenOf("ops"), "by-");
    std::this_thread::sleep_for(seconds(1));
    idle_p99_ = Fall();
    credited_ = Stats().credited_time();
    memory_ = ResidentMiB(server_->pid());
  }

  std::shared_ptr<grpc::Channel> ops_;  // open before the attack takes what its address may
  std::optional<Fleet> fleet_;
  std::optional<FleetWatch> watch_;
  Millis idle_p99_{};
  google::protobuf::Duration credited_;
  long memory_ = 0;
};

}  // namespace liveness::testing
