// What one caller may take, gone past, while a thousand bystanders beat on (the fixture sees to them).
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/attack/limits_attack.h"
#include "tests/support/raw_connection.h"

namespace liveness::testing {
namespace {

TEST_F(LimitsAttack, ConnectionsWithoutEnd) {
  StartAttacked({"--max-connection-rate=100", "--max-connections=3000"});
  std::atomic<int> opened{0};
  Under(4, [&](int) {
    const RawConnection connection(server_->address());
    ++opened;
  });
  EXPECT_GT(opened, 1'000);
}

// Nothing is said on them: they take a descriptor each, until their time is over.
TEST_F(LimitsAttack, ThousandsOfSilentConnections) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  StartAttacked({"--max-connection-rate=0", "--max-connections=12000"});
  const std::size_t most = std::min<std::size_t>(10'000, files.rlim_cur / 2);
  std::vector<std::unique_ptr<RawConnection>> silent;
  Under(1, [&](int) {
    if (silent.size() == most) return std::this_thread::sleep_for(Millis(50));
    silent.push_back(std::make_unique<RawConnection>(server_->address()));
  });
  EXPECT_GT(silent.size(), most / 2);
}

TEST_F(LimitsAttack, SessionsThatBeginWithoutEnd) {
  StartAttacked({"--max-hello-rate=110"});
  std::atomic<int> welcomed{0}, refused{0};
  const auto attack = [&](int thread) {
    const auto channel = Channel();
    std::vector<std::unique_ptr<HeartbeatStream>> streams;
    for (int i = 0; i < 50; ++i) {
      const std::string end =
          Join(streams, channel, "evil-" + std::to_string(thread) + "-" + std::to_string(i));
      ++(end == "welcome" ? welcomed : refused);
      EXPECT_TRUE(end == "welcome" || end == "HELLO_RATE") << end;
    }
  };
  Under(4, attack, [&] { return refused > 0; });
  EXPECT_LT(welcomed, 1'100 + 110 * 90) << "ten seconds' worth at once, and then the rate";
}

TEST_F(LimitsAttack, StreamsOfOnePrincipal) {
  StartAttacked({"--max-streams-per-principal=1000"});
  std::atomic<int> refused{0};
  std::vector<std::vector<std::unique_ptr<HeartbeatStream>>> streams(4);
  const auto attack = [&](int thread) {
    auto& mine = streams[static_cast<std::size_t>(thread)];
    const auto channel = Channel();
    for (int i = 0; i < 50 && mine.size() < 400; ++i) {
      const std::string end =
          Join(mine, channel, "evil-" + std::to_string(thread) + "-" + std::to_string(mine.size()));
      if (end == "TOO_MANY_STREAMS") ++refused;
    }
    if (refused > 0) std::this_thread::sleep_for(Millis(20));
  };
  Under(4, attack, [&] { return refused > 0; });
}

// Labels change with each message, as fast as the flood guard allows.
TEST_F(LimitsAttack, LabelsThatNeverRest) {
  StartAttacked();
  const auto before = Stats();
  std::atomic<int> updates{0};
  Under(4, [&](int thread) {
    HeartbeatStream stream(Channel(), Millis(0), TokenOf("evil"));
    ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("evil-" + std::to_string(thread), std::to_string(updates),
                                                   Millis(100), Millis(1'000))));
    for (int i = 0; i < 90; ++i) {
      v1::HeartbeatRequest request;
      (*request.mutable_update()->mutable_labels())["n"] = std::to_string(++updates);
      if (!stream.Send(request)) break;
      std::this_thread::sleep_for(Millis(1));
    }
  });
  EXPECT_GT(updates, 500);
}

// As many and as long as a ping may have, and others each time, on as many sessions as it takes to notice.
TEST_F(LimitsAttack, ProgressTokensAsLongAsTheyMayBe) {
  StartAttacked({"--max-progress-tokens=8"});
  std::atomic<int> tokens{0};
  const auto attack = [&](int thread) {
    std::vector<std::unique_ptr<HeartbeatStream>> streams;
    const auto channel = Channel();
    for (int i = 0; i < 100; ++i)
      (void)Join(streams, channel, "evil-" + std::to_string(thread) + "-" + std::to_string(i));
    for (std::uint64_t sequence = 1; sequence <= 5; ++sequence) {
      for (const auto& stream : streams) {
        v1::HeartbeatRequest request;
        request.mutable_ping()->set_sequence(sequence);
        request.mutable_ping()->mutable_load()->set_cpu_usage(1);
        for (int i = 0; i < 32; ++i) {
          v1::Progress& token = *request.mutable_ping()->add_progress();
          token.set_name(std::string(120, 'x') + std::to_string(++tokens % 10'000'000));
          token.mutable_age()->set_seconds(1);
          token.mutable_deadline()->set_seconds(60);
        }
        (void)stream->Send(request);
      }
    }
  };
  // The most that are kept of any of them.
  const auto kept = [&] {
    v1::RegistryService::Stub stub(ops_);
    v1::ListClientsRequest request;
    request.set_filter("client_id = \"evil-*\"");
    request.set_view(v1::CLIENT_VIEW_FULL);
    v1::ListClientsResponse page;
    EXPECT_TRUE(Call(stub, &v1::RegistryService::Stub::ListClients, request, page, TokenOf("ops")).ok());
    int most = 0;
    for (const v1::Client& each : page.clients()) most = std::max(most, each.progress_size());
    return most;
  };
  int most = 0;
  Under(4, attack, [&] {
    most = std::max(most, kept());
    return most > 0 && tokens > 32 * 1'000;
  });
  EXPECT_EQ(most, 8);
}

TEST_F(LimitsAttack, FiltersThatCostAsMuchAsTheyMay) {
  StartAttacked();
  std::string filter = "client_id = \"x\"";
  while (filter.size() < 8'000) filter += " OR labels.a = \"" + std::to_string(filter.size()) + "*\"";
  std::atomic<int> asked{0};
  Under(8, [&](int) {
    v1::RegistryService::Stub stub(Channel());
    for (int i = 0; i < 100; ++i) {
      v1::ListClientsRequest request;
      request.set_filter(filter);
      v1::ListClientsResponse response;
      (void)Call(stub, &v1::RegistryService::Stub::ListClients, request, response, TokenOf("evil"));
      ++asked;
    }
  });
  EXPECT_GT(asked, 100);
}

// All the watches that one caller may have, and none of them is read. Others still get one.
TEST_F(LimitsAttack, WatchesThatAreNotRead) {
  StartAttacked({"--max-watchers=100"});
  v1::RegistryService::Stub stub(Channel());
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchClientsResponse>>> watches;
  for (int i = 0; i < 74; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    contexts.back()->AddMetadata("authorization", "Bearer " + TokenOf("evil"));
    watches.push_back(stub.WatchClients(contexts.back().get(), v1::WatchClientsRequest()));
  }
  std::atomic<int> n{0};
  Under(2, [&](int thread) {
    std::vector<std::unique_ptr<HeartbeatStream>> streams;
    (void)Join(streams, Channel(), "noise-" + std::to_string(thread) + "-" + std::to_string(++n % 500));
  });
  for (const auto& context : contexts) context->TryCancel();
}

TEST_F(LimitsAttack, SybilsThatFallSilentTogether) {
  StartAttacked({"--max-streams-per-peer=0"});
  const int kSybils = Bearable(12'000);
  std::optional<Fleet> sybils(FleetOptions{.address = server_->address(),
                                           .token = TokenOf("evil"),
                                           .prefix = "sybil-",
                                           .clients = kSybils,
                                           .per_connection = Bearable(100),
                                           .interval = seconds(5),
                                           .timeout = seconds(20)});
  EXPECT_EQ(sybils->welcomed(), kSybils);
  const auto episodes = Stats().doubt_count();
  sybils->CutOff(kSybils);
  const Millis p99 = Fall();
  std::this_thread::sleep_for(seconds(2));
  EXPECT_EQ(Stats().doubt_count(), episodes);
  ExpectUndisturbed(p99, 0);
  sybils.reset();
}

}  // namespace
}  // namespace liveness::testing
