// A viewer who measures how long it takes to be told "there is no such client".
#include <algorithm>
#include <cstdio>
#include <functional>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/attack/attacked_server.h"

namespace liveness::testing {
namespace {

constexpr char kRules[] = R"(
[[rule]]
name = "by id"
who = ["token:by-id"]
view = ['client_id = "shop/*"']
admin = ["*"]
[[rule]]
name = "by label"
who = ["token:by-label"]
view = ['labels.team = "shop"']
admin = ["*"]
[[rule]]
name = "beat"
who = ["token:beat"]
beat = ["*"]
)";

class TimingAttack : public AttackTest {
 protected:
  // One that is there and out of view; and one that never was.
  static constexpr char kSecret[] = "payroll/a";
  static constexpr char kNobody[] = "payroll/b";

  void StartServer() {
    Start({"--rules=" + Write("rules.toml", kRules), "--data-dir=" + dir_.file("data"),
           "--token-file=" + Write("tokens.toml", TokenEntry("by-id", "\"view\", \"admin\"") +
                                                      TokenEntry("by-label", "\"view\", \"admin\"") +
                                                      TokenEntry("beat", "\"beat\""))});
  }
  // The one that is out of view beats, and has so many transitions behind it, which are on the disk alone.
  void Begin(int past) {
    StartServer();
    const auto channel = Channel();
    for (int i = 0; i < past / 2; ++i) {
      HeartbeatStream stream(channel, Millis(0), TokenOf("beat"));
      ASSERT_TRUE(stream.Join(HeartbeatStream::Hello(kSecret, std::to_string(i))));
      ASSERT_TRUE(stream.Goodbye());
      ASSERT_TRUE(stream.End());
    }
    server_->Stop();
    StartServer();
    secret_.emplace(Channel(), kSecret, TokenOf("beat"));
    ASSERT_TRUE(secret_->welcomed());
    viewer_ = Channel();
  }
  void TearDown() override { EXPECT_EQ(secret_->End(Millis(0)), std::nullopt); }

  // How much longer `ask` takes for the one than for the other, by the median of many; asked in turn, so that
  // what else the machine does falls on both.
  double Ratio(const char* what, const std::function<void(const std::string& id)>& ask) const {
    constexpr int kTimes = 200;
    std::vector<double> secret, nobody;
    for (int i = 0; i < kTimes; ++i) {
      for (auto& [id, took] : {std::pair(kSecret, &secret), std::pair(kNobody, &nobody)}) {
        const auto begun = std::chrono::steady_clock::now();
        ask(id);
        took->push_back(
            std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun).count());
      }
    }
    const auto median = [](std::vector<double>& all) {
      std::nth_element(all.begin(), all.begin() + kTimes / 2, all.end());
      return all[kTimes / 2];
    };
    const double there = median(secret), not_there = median(nobody);
    std::printf("TIMING %s: %.0f us out of view, %.0f us not there\n", what, there, not_there);
    return there / not_there;
  }
  // Neither twice as long nor half as long.
  void ExpectAlike(const char* what, const std::function<void(const std::string& id)>& ask) const {
    const double ratio = Ratio(what, ask);
    EXPECT_LT(ratio, 2.0) << what;
    EXPECT_GT(ratio, 0.5) << what;
  }
  // Every call that names a client.
  void ExpectNothingIsToldByTime(const std::string& token) {
    using Registry = v1::RegistryService::Stub;
    using Admin = v1::AdminService::Stub;
    using Health = ::grpc::health::v1::Health::Stub;
    Registry registry(viewer_);
    Admin admin(viewer_);
    Health health(viewer_);
    v1::Client client;
    ExpectAlike("GetClient", [&](const std::string& id) {
      v1::GetClientRequest request;
      request.set_name("clients/" + id);
      EXPECT_FALSE(Call(registry, &Registry::GetClient, request, client, token).ok());
    });
    ExpectAlike("ListClients", [&](const std::string& id) {
      v1::ListClientsRequest request;
      request.set_filter("client_id = \"" + id + "\"");
      v1::ListClientsResponse response;
      EXPECT_TRUE(Call(registry, &Registry::ListClients, request, response, token).ok());
      EXPECT_EQ(response.clients_size(), 0);
    });
    ExpectAlike("ListTransitions", [&](const std::string& id) {
      v1::ListTransitionsRequest request;
      request.set_filter("client_id = \"" + id + "\"");
      v1::ListTransitionsResponse response;
      EXPECT_TRUE(Call(registry, &Registry::ListTransitions, request, response, token).ok());
      EXPECT_EQ(response.transitions_size(), 0);
    });
    ExpectAlike("GetStats", [&](const std::string& id) {
      v1::GetStatsRequest request;
      request.set_filter("client_id = \"" + id + "\"");
      v1::GetStatsResponse response;
      EXPECT_TRUE(Call(registry, &Registry::GetStats, request, response, token).ok());
    });
    ExpectAlike("EvictClient", [&](const std::string& id) {
      v1::EvictClientRequest request;
      request.set_name("clients/" + id);
      EXPECT_FALSE(Call(admin, &Admin::EvictClient, request, client, token).ok());
    });
    ExpectAlike("SetMaintenance", [&](const std::string& id) {
      v1::SetMaintenanceRequest request;
      request.set_filter("client_id = \"" + id + "\"");
      v1::SetMaintenanceResponse response;
      (void)Call(admin, &Admin::SetMaintenance, request, response, token);
      EXPECT_EQ(response.changed_count(), 0);
    });
    ExpectAlike("Health.Check", [&](const std::string& id) {
      ::grpc::health::v1::HealthCheckRequest request;
      request.set_service("client/" + id);
      ::grpc::health::v1::HealthCheckResponse response;
      EXPECT_FALSE(Call(health, &Health::Check, request, response, token).ok());
    });
  }

  std::optional<Bystander> secret_;
  std::shared_ptr<grpc::Channel> viewer_;
};

TEST_F(TimingAttack, WhoSeesByIdLearnsNothingFromIt) {
  Begin(4'000);
  ExpectNothingIsToldByTime(TokenOf("by-id"));
}

// Whether a transition is in view is known once it is read: a long past takes its time, and
// docs/threat-model.md says so.
TEST_F(TimingAttack, NorDoesWhoSeesByLabel) {
  Begin(0);
  ExpectNothingIsToldByTime(TokenOf("by-label"));
}

}  // namespace
}  // namespace liveness::testing
