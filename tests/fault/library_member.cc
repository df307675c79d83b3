#include <liveness/client.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "common/clock.h"
#include "tests/fault/member.h"

namespace liveness::fault {
namespace {

class LibraryMember final : public Member {
 public:
  LibraryMember(MemberOptions options, Slot& slot) : options_(std::move(options)), slot_(slot) {
    ClientOptions client;
    client.targets = {options_.target};
    client.client_id = options_.client_id;
    client.labels = options_.labels;
    client.interval = options_.interval;
    client.timeout = options_.timeout;
    client.last_will = "last will of " + options_.client_id;
    client.on_state = [&slot](const StateChange& change) {
      const bool live = change.state == State::kLive;
      if (live) slot.incarnation.store(change.incarnation);
      if (change.state == State::kLost) slot.losses.fetch_add(1);
      if (change.state == State::kConnecting) return;
      slot.state.store(static_cast<std::int64_t>(live                           ? MemberState::kLive
                                                 : change.state == State::kLost ? MemberState::kLost
                                                                                : MemberState::kEnded));
    };
    auto started = Client::Start(std::move(client));
    if (!started) {
      std::fprintf(stderr, "fault_fleet: %s\n", started.error().message.c_str());
      std::exit(1);
    }
    client_ = std::move(*started);
  }

  void Tick() override {
    const std::int64_t until = client_->alive_until().count();
    // BOOTTIME and MONOTONIC differ by the time that the machine slept.
    const std::int64_t asleep = common::SystemClock().Boot().time_since_epoch().count() - MonoNanos();
    if (until != 0) slot_.last_ping.store(until - options_.timeout.count() - asleep);
    slot_.answers.store(client_->counters().pongs_received);
    slot_.written.store(MonoNanos());
  }

  void Churn(std::uint64_t value) override {
    auto labels = options_.labels;
    labels["churn"] = std::to_string(value);
    (void)client_->UpdateLabels(std::move(labels));
  }

  void Goodbye() override { (void)client_->Goodbye("told to stop"); }

 private:
  const MemberOptions options_;
  Slot& slot_;
  std::unique_ptr<Client> client_;
};

}  // namespace

std::unique_ptr<Member> NewLibraryMember(MemberOptions options, Slot& slot) {
  return std::make_unique<LibraryMember>(std::move(options), slot);
}

}  // namespace liveness::fault
