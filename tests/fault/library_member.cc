#include <fcntl.h>
#include <liveness/client.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "tests/fault/member.h"

namespace liveness::fault {
namespace {

std::vector<std::string> Split(const std::string& targets) {
  std::vector<std::string> all;
  std::istringstream text(targets);
  for (std::string each; std::getline(text, each, ',');) all.push_back(each);
  return all;
}

// A file that all members append to, a line at a time: a write is never cut by another's, and
// what was written outlives a member that is killed.
class Log {
 public:
  explicit Log(const std::string& path) {
    if (path.empty()) return;
    fd_ = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd_ < 0) {
      std::perror(path.c_str());
      std::exit(1);
    }
  }
  // What is told is names and numbers: nothing in it needs quoting.
  void Write(const std::string& client_id, const std::string& state, std::uint64_t incarnation,
             const std::string& reason) const {
    if (fd_ < 0) return;
    std::ostringstream line;
    line << "{\"t\": " << MonoNanos() << ", \"client_id\": \"" << client_id << "\", \"state\": \"" << state
         << "\", \"incarnation\": " << incarnation << ", \"reason\": \"" << reason << "\"}\n";
    const std::string text = line.str();
    if (write(fd_, text.data(), text.size()) < 0) std::perror("fault_fleet: log");
  }

 private:
  int fd_ = -1;
};

class LibraryMember final : public Member {
 public:
  LibraryMember(MemberOptions options, Slot& slot)
      : options_(std::move(options)), slot_(slot), log_(options_.log) {
    ClientOptions client;
    client.targets = Split(options_.target);
    client.client_id = options_.client_id;
    client.labels = options_.labels;
    client.interval = options_.interval;
    client.timeout = options_.timeout;
    client.last_will = "last will of " + options_.client_id;
    client.on_state = [this, &slot](const StateChange& change) {
      log_.Write(options_.client_id, ToString(change.state), change.incarnation, change.reason);
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

  void Goodbye() override {
    const bool confirmed = client_->Goodbye("told to stop");
    log_.Write(options_.client_id, "GOODBYE", client_->incarnation(), confirmed ? "CONFIRMED" : "");
  }

 private:
  const MemberOptions options_;
  Slot& slot_;
  const Log log_;
  std::unique_ptr<Client> client_;  // the last: what it calls back outlives it
};

}  // namespace

std::unique_ptr<Member> NewLibraryMember(MemberOptions options, Slot& slot) {
  return std::make_unique<LibraryMember>(std::move(options), slot);
}

}  // namespace liveness::fault
