// The end of a server whose store is slow: what the store still commits is told when the calls that
// asked for it are gone, and reaches nothing that is gone. A sanitizer sees what a plain build may not.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "common/keepalive.h"
#include "liveness/v1/admin_service.grpc.pb.h"
#include "liveness/v1/registry_service.grpc.pb.h"
#include "server/app/server_parts.h"
#include "server/auth/tls.h"
#include "server/storage/memory_store.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/stores/slow_store.h"

namespace liveness::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ServerPartsTest : public ::testing::Test {
 protected:
  // A store that its server owns.
  class OwnedStore final : public storage::Store {
   public:
    explicit OwnedStore(SlowStore& slow) : slow_(slow) {}
    std::string_view kind() const override { return slow_.kind(); }
    const std::string& history_id() const override { return slow_.history_id(); }
    const storage::TokenKey& token_key() const override { return slow_.token_key(); }
    absl::StatusOr<storage::Contents> Load() override { return slow_.Load(); }
    // Tells at once, on a thread of its own, as a store does that others write to.
    void Start(storage::StoreListener& listener) override {
      slow_.Start(listener);
      tells_ = std::thread([&listener] { listener.OnServers({}); });
    }
    void Stop() override {
      tells_.join();
      slow_.Stop();
    }
    core::RecordPtr Propose(storage::Proposal proposal) override {
      return slow_.Propose(std::move(proposal));
    }
    storage::Notes& notes() override { return slow_.notes(); }
    absl::StatusOr<storage::HistoryPart> ReadHistory(const storage::HistoryQuery& query) const override {
      return slow_.ReadHistory(query);
    }

   private:
    SlowStore& slow_;
    std::thread tells_;
  };

  ServerPartsTest() {
    app::Config config;
    config.listen.text = "127.0.0.1:0";
    config.listen.addresses = {*net::ParseListenAddress(config.listen.text)};
    config.server_id = "s1";
    config.store = "memory";
    config.keepalive = common::StandardPreset();
    config.data_dir = app::kNoDataDir;
    parts_ =
        std::make_unique<app::ServerParts>(config, nullptr, *auth::ServerTls::Load({}, common::SystemClock()),
                                           auth::AccessPolicy{.anonymous = auth::Actions::All()},
                                           std::make_unique<OwnedStore>(store_), *store_.Load());
    parts_->AddServices();
    parts_->StartRegistry();
    const absl::Status listening = parts_->Listen(grpc::InsecureServerCredentials(), {});
    EXPECT_TRUE(listening.ok()) << listening;
    parts_->registry.BeginServing();
  }
  // The second SIGTERM: no call is waited for.
  void End() {
    parts_->registry.BeginShutdown();
    parts_->engine.EndCalls();
    parts_->engine.Shutdown(common::Duration::zero());
    parts_.reset();
  }
  void Await(const std::function<bool()>& done) const {
    const auto end = std::chrono::steady_clock::now() + seconds(20);
    while (!done() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(milliseconds(5));
    EXPECT_TRUE(done());
  }

  storage::MemoryStore memory_{common::SystemClock()};
  SlowStore store_{memory_};
  std::unique_ptr<app::ServerParts> parts_;
};

TEST_F(ServerPartsTest, AHelloThatIsGoneWhenTheStoreCommits) {
  store_.Hang();
  {
    HeartbeatStream stream(parts_->address);
    ASSERT_TRUE(stream.Send(HeartbeatStream::Hello("a", "i1")));
    Await([&] { return store_.waiting() == 1; });
  }
  Await([&] { return parts_->heartbeat->stream_count() == 0; });
  End();
}

TEST_F(ServerPartsTest, AHelloThatWaitsAtTheEnd) {
  store_.Hang();
  HeartbeatStream stream(parts_->address);
  ASSERT_TRUE(stream.Send(HeartbeatStream::Hello("a", "i1")));
  Await([&] { return store_.waiting() == 1; });
  End();
}

TEST_F(ServerPartsTest, AServerThatEndsWithoutADrain) {
  HeartbeatStream stream(parts_->address);
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("a", "i1")).has_value());
  store_.Hang();
  HeartbeatStream other(parts_->address);
  ASSERT_TRUE(other.Send(HeartbeatStream::Hello("b", "i1")));
  Await([&] { return store_.waiting() == 1; });
  parts_.reset();
}

TEST_F(ServerPartsTest, GoodbyesEvictionsMaintenanceAndWatchesThatWait) {
  HeartbeatStream leaves(parts_->address);
  ASSERT_TRUE(leaves.Join(HeartbeatStream::Hello("leaves", "i1")).has_value());
  HeartbeatStream stays(parts_->address);
  ASSERT_TRUE(stays.Join(HeartbeatStream::Hello("stays", "i1")).has_value());
  HeartbeatStream evicted(parts_->address);
  ASSERT_TRUE(evicted.Join(HeartbeatStream::Hello("evicted", "i1")).has_value());
  const auto channel = NewChannel(parts_->address);
  grpc::ClientContext watch_context;
  const auto watch = v1::RegistryService::NewStub(channel)->WatchClients(&watch_context, {});
  v1::WatchClientsResponse first;
  ASSERT_TRUE(watch->Read(&first));

  store_.Hang();
  ASSERT_TRUE(leaves.Goodbye());
  Await([&] { return store_.waiting() == 1; });
  const auto admin = v1::AdminService::NewStub(channel);
  std::thread evicts([&] {
    grpc::ClientContext context;
    v1::EvictClientRequest request;
    request.set_name("clients/evicted");
    v1::Client client;
    EXPECT_EQ(admin->EvictClient(&context, request, &client).error_code(), grpc::StatusCode::UNAVAILABLE);
  });
  std::thread marks([&] {
    grpc::ClientContext context;
    v1::SetMaintenanceRequest request;
    request.set_name("clients/stays");
    request.mutable_until_time()->set_seconds(4'000'000'000);
    v1::SetMaintenanceResponse response;
    EXPECT_EQ(admin->SetMaintenance(&context, request, &response).error_code(),
              grpc::StatusCode::UNAVAILABLE);
  });
  Await([&] { return store_.waiting() == 3; });
  End();
  evicts.join();
  marks.join();
  watch_context.TryCancel();
}

}  // namespace
}  // namespace liveness::testing
