// Webhooks: one principal makes more events than history holds while the receiver is away. What others'
// clients did is told all the same.
#include <csignal>

#include "tests/attack/attacked_server.h"
#include "tests/support/hook_receiver.h"
#include "tests/support/memory.h"

namespace liveness::testing {
namespace {

class HooksAttack : public AttackTest {
 protected:
  static constexpr int kHistory = 1'500;

  void StartHooked() {
    Start({"--config=" + Write("livenessd.toml", "[[hook]]\nname = \"pager\"\nurl = \"" + receiver_.Url("/") +
                                                     "\"\nallow-private = true\n"),
           "--token-file=" +
               Write("tokens.toml", TokenEntry("fleet", "\"beat\"") + TokenEntry("ops", "\"view\"") +
                                        TokenEntry("evil", "\"beat\"")),
           "--data-dir=" + dir_.file("data"), "--history-transitions=" + std::to_string(kHistory)});
  }
  // The hook as the server tells of it.
  v1::Hook Hook() const {
    v1::AdminService::Stub stub(Channel());
    v1::ServerInfo info;
    EXPECT_TRUE(
        Call(stub, &v1::AdminService::Stub::GetServerInfo, v1::GetServerInfoRequest(), info, TokenOf("ops"))
            .ok());
    return info.hooks_size() == 1 ? info.hooks(0) : v1::Hook();
  }
  // The attacker's client comes and goes so often: two events each.
  void ComeAndGo(int times) {
    const auto channel = Channel();
    for (int i = 0; i < times; ++i) {
      HeartbeatStream stream(channel, Millis(0), TokenOf("evil"));
      ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("evil", std::to_string(++instance_))));
      ASSERT_TRUE(stream.Goodbye());
      ASSERT_TRUE(stream.End());
    }
  }
  bool IsDead(const std::string& id) {
    const auto client = Get(Channel(), id, TokenOf("ops"));
    return client && client->state() == v1::STATE_DEAD;
  }
  static bool HasSubject(const std::vector<HookReceiver::Event>& events, const std::string& begin) {
    return std::any_of(events.begin(), events.end(),
                       [&](const auto& event) { return event.subject.starts_with(begin); });
  }

  HookReceiver receiver_;
  int instance_ = 0;
};

// Two of the bystanders fall, one before and one in the midst of it; one beats on. The attacker pushes out
// events of its own, which is told as a gap, and nobody else's: also after a restart, when the store alone
// has them.
TEST_F(HooksAttack, OneThatComesAndGoesPushesOutNobodysFall) {
  receiver_.Answer(500);
  StartHooked();
  ASSERT_TRUE(Within(Millis(20'000), [&] { return Hook().revision() != 0; }));
  Bystander stays(Channel(), "stays", TokenOf("fleet"));
  std::optional<Bystander> first(std::in_place, Channel(), "first", TokenOf("fleet"));
  std::optional<Bystander> second(std::in_place, Channel(), "second", TokenOf("fleet"));
  ASSERT_TRUE(stays.welcomed() && first->welcomed() && second->welcomed());
  const long before = ResidentMiB(server_->pid());
  first.reset();
  ComeAndGo(kHistory);
  second.reset();
  ComeAndGo(kHistory);
  ASSERT_TRUE(Within(Millis(20'000), [&] { return IsDead("first") && IsDead("second"); }));
  EXPECT_LT(ResidentMiB(server_->pid()) - before, MayTakeMiB(50)) << "of events that wait";
  EXPECT_EQ(stays.End(Millis(0)), std::nullopt);

  server_->Signal(SIGKILL);
  (void)server_->WaitForExit(Millis(10'000));
  receiver_.Answer(200);
  StartHooked();
  EXPECT_TRUE(receiver_.Await([](const auto& taken, auto) {
    return HasSubject(taken, "clients/first/DEAD") && HasSubject(taken, "clients/second/DEAD");
  })) << receiver_.Taken().size()
      << " were told";
  EXPECT_TRUE(HasSubject(receiver_.Taken(), "history")) << "the bound was not reached: it proves nothing";
}

}  // namespace
}  // namespace liveness::testing
