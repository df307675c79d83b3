// The canary is there, over plaintext and TLS, and appears in no list, count or
// quota. Where it cannot connect, detection goes on.
#include <grpcpp/generic/generic_stub.h>

#include "tests/integration/canary/canary_fixture.h"
#include "tests/support/certificate.h"
#include "tests/support/frozen_thread.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class InvisibleTest : public CanaryTest {
 protected:
  // On every queue, and nowhere to be seen.
  void ExpectThereAndUnseen(int queues) {
    ASSERT_TRUE(CanaryIs(v1::CANARY_STATE_WATCHING)) << server_->StandardError();
    const v1::ServerInfo info = Info();
    EXPECT_EQ(info.canary().watched_queue_count(), queues);
    EXPECT_EQ(info.canary().queue_count(), queues);
    EXPECT_TRUE(info.ready());
    const v1::GetStatsResponse stats = Stats();
    EXPECT_EQ(stats.stream_count(), 0);
    EXPECT_EQ(stats.heartbeat_count(), 0);
    EXPECT_EQ(stats.watcher_count(), 0);
    EXPECT_EQ(stats.counts().alive(), 0);
    EXPECT_THAT(Told(), IsEmpty());
    v1::ListClientsResponse listed;
    grpc::ClientContext context;
    SetPatience(context);
    ASSERT_TRUE(v1::RegistryService::NewStub(Connect())->ListClients(&context, {}, &listed).ok());
    EXPECT_EQ(listed.clients_size(), 0);
    ExpectUnwatched();
  }

  void ExpectUnwatched() {
    grpc::ClientContext context;
    SetPatience(context);
    v1::WatchClientsRequest request;
    request.mutable_bookmark_interval()->set_nanos(300'000'000);
    const auto stub = v1::RegistryService::NewStub(Connect());
    const auto watch = stub->WatchClients(&context, request);
    v1::WatchClientsResponse response;
    // The snapshot, and what comes while the canary beats ten times.
    for (int i = 0; i < 8 && watch->Read(&response); ++i) {
      EXPECT_EQ(response.clients_size(), 0) << response.ShortDebugString();
      EXPECT_EQ(response.transitions_size(), 0) << response.ShortDebugString();
    }
    context.TryCancel();
    (void)watch->Finish();
  }

  // One client may come, as if nobody else were there, and no second.
  void ExpectRoomForOne() {
    HeartbeatStream first(Connect());
    ASSERT_TRUE(first.Join(HeartbeatStream::Hello("first", "1")));
    const v1::GetStatsResponse stats = Stats();
    EXPECT_EQ(stats.stream_count(), 1);
    EXPECT_EQ(stats.counts().alive(), 1);
    HeartbeatStream second(Connect());
    const auto end = second.End();
    ASSERT_TRUE(end);
    EXPECT_EQ(DetailsOf(*end).reason, "TOO_MANY_STREAMS");
    EXPECT_TRUE(first.Goodbye());
    EXPECT_TRUE(first.End());
  }

  void UseTls(const Certificate& certificate, bool with_own_certificate) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = ReadFile(certificate.cert_file());
    if (with_own_certificate) {
      options.pem_cert_chain = ReadFile(certificate.cert_file());
      options.pem_private_key = ReadFile(certificate.key_file());
    }
    credentials_ = grpc::SslCredentials(options);
    server_name_ = "liveness.test";
  }
};

const std::vector<std::string> kRoomForOne = {"--max-streams-per-peer=1", "--max-clients=1"};

std::vector<std::string> WithRoomForOne(std::vector<std::string> args) {
  args.insert(args.end(), kRoomForOne.begin(), kRoomForOne.end());
  return args;
}

TEST_F(InvisibleTest, ItBeatsOnEveryQueueAndIsNotSeen) {
  for (const int threads : {1, 5}) {
    StartServer(WithRoomForOne({"--io-threads=" + std::to_string(threads)}));
    ExpectThereAndUnseen(threads);
    ExpectRoomForOne();
    EXPECT_EQ(server_->Stop(), 0);
  }
  server_ = nullptr;
}

TEST_F(InvisibleTest, ItReachesAServerOnAllAddresses) {
  StartServer({"--listen=0.0.0.0:0", "--insecure-anonymous=beat,view"});
  EXPECT_TRUE(CanaryIs(v1::CANARY_STATE_WATCHING)) << server_->StandardError();
}

TEST_F(InvisibleTest, ItBeatsOverTls) {
  const Certificate certificate;
  ASSERT_EQ(certificate.failure(), "");
  StartServer(
      WithRoomForOne({"--tls-cert=" + certificate.cert_file(), "--tls-key=" + certificate.key_file()}));
  UseTls(certificate, false);
  ExpectThereAndUnseen(1);
  ExpectRoomForOne();
}

TEST_F(InvisibleTest, ItShowsTheServersOwnCertificateWhereOneIsRequired) {
  const Certificate certificate;
  ASSERT_EQ(certificate.failure(), "");
  StartServer(WithRoomForOne({"--tls-cert=" + certificate.cert_file(), "--tls-key=" + certificate.key_file(),
                              "--tls-ca=" + certificate.cert_file(), "--tls-require-client-cert"}));
  UseTls(certificate, true);
  ExpectThereAndUnseen(1);
  ExpectRoomForOne();
}

TEST_F(InvisibleTest, ItBeatsWhereTheServersOwnCertificateIsNotTaken) {
  const Certificate servers;
  const Certificate clients;
  ASSERT_EQ(servers.failure() + clients.failure(), "");
  StartServer({"--tls-cert=" + servers.cert_file(), "--tls-key=" + servers.key_file(),
               "--tls-ca=" + clients.cert_file(), "--tls-require-client-cert"});
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ReadFile(servers.cert_file());
  options.pem_cert_chain = ReadFile(clients.cert_file());
  options.pem_private_key = ReadFile(clients.key_file());
  credentials_ = grpc::SslCredentials(options);
  server_name_ = "liveness.test";
  ExpectThereAndUnseen(1);
}

TEST_F(InvisibleTest, TurnedOffItIsNotThere) {
  StartServer({"--canary=off"});
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_EQ(Info().canary().state(), v1::CANARY_STATE_OFF);
  EXPECT_EQ(Info().canary().watched_queue_count(), 0);
  EXPECT_THAT(ThreadsNamed(server_->pid(), "live-canary"), IsEmpty());
}

TEST_F(InvisibleTest, NobodyElseCanCallWhatItCalls) {
  StartServer();
  const auto call = [&](const std::string& secret) {
    grpc::GenericStub stub(Connect());
    grpc::ClientContext context;
    SetPatience(context);
    if (!secret.empty()) context.AddMetadata("x-liveness-canary", secret);
    grpc::CompletionQueue cq;
    const auto stream = stub.PrepareCall(&context, "/liveness.internal.Canary/Beat", &cq);
    void* tag = nullptr;
    bool ok = false;
    stream->StartCall(nullptr);
    (void)cq.Next(&tag, &ok);
    grpc::Status status;
    stream->Finish(&status, nullptr);
    (void)cq.Next(&tag, &ok);
    return status;
  };
  for (const std::string& secret : {std::string(), std::string("guess"), std::string(64, '0')}) {
    const grpc::Status status = call(secret);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
    EXPECT_EQ(status.error_message(), "unknown method /liveness.internal.Canary/Beat");
  }
}

}  // namespace
}  // namespace liveness::testing
