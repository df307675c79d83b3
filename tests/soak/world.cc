#include "tests/soak/world.h"

#include <openssl/sha.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/soak/deeds.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/memory.h"

namespace liveness::soak {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kSteady = 200;
constexpr auto kBetweenSamples = seconds(2);

// Found this much after its deadline and grace at the latest, beyond what the server was stopped: a busy
// machine's.
constexpr auto kFindSlack = seconds(10);

std::string Hash(const std::string& text) {
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash);
  std::string hex;
  for (const unsigned char byte : hash) {
    char two[3];
    std::snprintf(two, sizeof(two), "%02x", byte);
    hex += two;
  }
  return hex;
}

long EntriesOf(pid_t pid, const char* what) {
  std::error_code ignored;
  long count = 0;
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid) + "/" + what, ignored);
  for (auto at = begin(all); at != end(all); at.increment(ignored)) ++count;
  return count;
}

}  // namespace

World::World(std::chrono::duration<double> length) : length_(length) {
  std::ofstream tokens(dir_.file("tokens.toml"));
  for (const auto& [name, roles] : {std::pair("steady", "\"beat\""), std::pair("fleet", "\"beat\""),
                                    std::pair("evil", "\"beat\", \"view\""), std::pair("ops", "\"view\"")}) {
    tokens << "[[token]]\nname = \"" << name << "\"\nsha256 = \"" << Hash(Token(name)) << "\"\nroles = ["
           << roles << "]\n";
    std::ofstream(dir_.file(name)) << Token(name) << "\n";
    std::filesystem::permissions(dir_.file(name), std::filesystem::perms::owner_read);
  }
  flags_ = {"--token-file=" + dir_.file("tokens.toml"),
            "--data-dir=" + dir_.file("data"),
            "--resume-grace=1s",
            "--keep-left=20s",
            "--keep-dead=30s",
            "--history-transitions=5000",
            "--memory-transitions=5000",
            "--max-watchers=100",
            "--max-hello-rate=200",
            "--max-streams-per-principal=2000"};
}

World::~World() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
  follower_.reset();
}

std::string World::Token(const std::string& name) const { return "lvt_" + name + std::string(40, 'x'); }

bool World::StartServer() {
  std::vector<std::string> flags = flags_;
  flags.push_back(address_.empty() ? testing::ServerProcess::ListenOnOwnAddress() : "--listen=" + address_);
  server_ = testing::ServerProcess::Start(std::move(flags));
  if (server_ == nullptr) return false;
  address_ = server_->address();
  ++life_;
  return true;
}

void World::Add(const std::string& name, std::function<void()> once) {
  threads_.emplace_back([this, name, once = std::move(once)](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      once();
      Note(name);
    }
  });
}

bool World::Run() {
  if (!StartServer()) return false;
  for (int i = 0; i < kSteady; ++i) {
    ClientOptions options;
    options.targets = {address_};
    options.client_id = "steady-" + std::to_string(i);
    options.interval = milliseconds(500);
    options.timeout = seconds(3);
    options.token_file = dir_.file("steady");
    auto client = Client::Start(std::move(options));
    if (!client) {
      std::fprintf(stderr, "soak: %s\n", client.error().message.c_str());
      return false;
    }
    steady_.push_back(std::move(*client));
  }
  std::this_thread::sleep_for(seconds(3));
  follower_.emplace(address_, Token("ops"), "steady-");
  for (const Deed& deed : AllDeeds()) {
    Add(deed.name, [this, &deed] {
      deed.once({address_, [this](const std::string& name) { return Token(name); }});
    });
  }
  for (int i = 0; i < 4; ++i) Add("clients that fell silent", [this] { FallSilent(); });
  for (int n = 1; Clock::now() - begun_ < length_ && server_ != nullptr; ++n) {
    std::this_thread::sleep_for(kBetweenSamples);
    TakeSample();
    if (n % 4 == 0) Disturb();
  }
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
  return Report();
}

void World::TakeSample() {
  const pid_t pid = server_->pid();
  samples_.push_back({life_, testing::ResidentMiB(pid), EntriesOf(pid, "fd"), EntriesOf(pid, "task")});
}

void World::Disturb() {
  const bool early = Clock::now() - begun_ < length_ / 4;
  const auto begun = Clock::now();
  switch (std::rand() % (early ? 4 : 2)) {
    case 0: {
      server_->Pause();
      std::this_thread::sleep_for(milliseconds(100 + std::rand() % 2'000));
      server_->Continue();
      Note("stops of the server");
      break;
    }
    case 1:
      server_->Signal(SIGHUP);
      Note("SIGHUP");
      break;
    default:
      server_->Signal(SIGKILL);
      server_->WaitForExit(seconds(10));
      if (!StartServer()) Wrong("the server did not start again");
      Note("kill -9 of the server");
  }
  away_ms_ += std::chrono::duration_cast<milliseconds>(Clock::now() - begun).count();
}

void World::FallSilent() {
  static std::atomic<int> number{0};
  const std::string id = "silent-" + std::to_string(++number);
  testing::HeartbeatStream stream(testing::NewChannel(address_), milliseconds(0), Token("fleet"));
  if (!stream.Join(testing::HeartbeatStream::Hello(id, "1", milliseconds(500), seconds(2)))) return;
  (void)stream.Ping(1);
  const auto silent = Clock::now();
  const std::int64_t away_before = away_ms_;
  const auto allowed = [&] {
    // Restarts begin its time anew.
    return seconds(3) + kFindSlack + milliseconds(away_ms_ - away_before) * 3;
  };
  while (!follower_->DeadAt(id)) {
    if (Clock::now() - silent > allowed()) return Wrong(id + " fell silent and was not found");
    std::this_thread::sleep_for(milliseconds(20));
  }
  const auto took = std::chrono::duration_cast<milliseconds>(*follower_->DeadAt(id) - silent);
  std::lock_guard lock(mu_);
  ++done_["silences found"];
  slowest_find_ = std::max(slowest_find_, took);
}

bool World::Report() {
  for (const std::string& each : follower_->wrongs()) Wrong(each);
  int alive = 0;
  for (const auto& client : steady_) alive += client->alive() ? 1 : 0;
  if (alive != kSteady) Wrong("only " + std::to_string(alive) + " steady clients are live at the end");
  if (const auto growth = Growth(samples_)) Wrong(*growth);
  if (slowest_find_.count() == 0) Wrong("no silence was found at all");
  std::lock_guard lock(mu_);
  for (const auto& [what, count] : done_) std::printf("%10ld  %s\n", count, what.c_str());
  std::printf("%10llu  transitions watched, %llu deaths, %llu gaps\n",
              static_cast<unsigned long long>(follower_->transitions()),
              static_cast<unsigned long long>(follower_->deaths()),
              static_cast<unsigned long long>(follower_->gaps()));
  std::printf(
      "%10lld  ms from the last ping to DEAD, at most (timeout 2 s, grace 1 s, and what the server was "
      "stopped)\n",
      static_cast<long long>(slowest_find_.count()));
  for (const auto& [name, at] : {std::pair("first", std::size_t{0}), std::pair("middle", samples_.size() / 2),
                                 std::pair("last", samples_.size() - 1)}) {
    const Sample& each = samples_[at];
    std::printf("%10s  sample: life %d, %ld MiB, %ld descriptors, %ld threads\n", name, each.life,
                each.memory_mib, each.files, each.threads);
  }
  for (const std::string& each : wrongs_) std::printf("WRONG: %s\n", each.c_str());
  std::printf("%s\n", wrongs_.empty() ? "PASSED" : "FAILED");
  return wrongs_.empty();
}

}  // namespace liveness::soak
