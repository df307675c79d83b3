// livenessd from the outside: starts, answers, ends streams with reasons, stops.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <string>

#include <grpcpp/generic/generic_stub.h>

#include "liveness/v1/registry_service.grpc.pb.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/server_process.h"

namespace liveness {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::DetailsOf;
using testing::HeartbeatStream;
using testing::NewChannel;
using testing::ServerProcess;

v1::Client GetClient(const std::string& address, const std::string& id) {
  const auto stub = v1::RegistryService::NewStub(NewChannel(address));
  grpc::ClientContext context;
  v1::GetClientRequest request;
  request.set_name("clients/" + id);
  v1::Client client;
  EXPECT_TRUE(stub->GetClient(&context, request, &client).ok());
  return client;
}

v1::Client WaitForState(const std::string& address, const std::string& id, v1::State state) {
  const auto give_up = std::chrono::steady_clock::now() + seconds(20);
  v1::Client client;
  do {
    client = GetClient(address, id);
    if (client.state() == state) break;
    std::this_thread::sleep_for(milliseconds(10));
  } while (std::chrono::steady_clock::now() < give_up);
  EXPECT_EQ(v1::State_Name(client.state()), v1::State_Name(state));
  return client;
}

class SmokeTest : public ::testing::Test {
 protected:
  void StartServer(std::vector<std::string> args = {}) {
    server_ = ServerProcess::Start(std::move(args));
    ASSERT_NE(server_, nullptr);
  }
  // The reason that the stream ended with, and its code.
  static void ExpectEnd(HeartbeatStream& stream, grpc::StatusCode code, const std::string& reason) {
    const auto status = stream.End();
    ASSERT_TRUE(status.has_value());
    EXPECT_EQ(status->error_code(), code) << status->error_message();
    EXPECT_EQ(DetailsOf(*status).reason, reason) << status->error_message();
  }
  const std::string& address() const { return server_->address(); }

  std::unique_ptr<ServerProcess> server_;
};

TEST_F(SmokeTest, WelcomesPongsAndLetsLeave) {
  StartServer({"--server-id=one", "--keepalive-preset=strict"});
  HeartbeatStream stream(address());
  const auto welcome = stream.Join(HeartbeatStream::Hello("a", "a-1", milliseconds(500), milliseconds(1500)));
  ASSERT_TRUE(welcome.has_value());
  EXPECT_EQ(welcome->server_id(), "one");
  EXPECT_GT(welcome->incarnation(), 0U);
  EXPECT_EQ(welcome->interval().nanos(), 500'000'000);
  EXPECT_FALSE(welcome->resume_token().empty());
  EXPECT_EQ(welcome->keepalive().tcp_idle().seconds(), 6);
  EXPECT_EQ(welcome->keepalive().tcp_user_timeout().seconds(), 9);
  EXPECT_EQ(welcome->keepalive().http2_time().seconds(), 6);

  for (std::uint64_t sequence : {1, 2, 5}) {
    ASSERT_TRUE(stream.Ping(sequence));
    const auto pong = stream.Receive();
    ASSERT_TRUE(pong && pong->has_pong());
    EXPECT_EQ(pong->pong().sequence(), sequence);
    EXPECT_TRUE(pong->pong().has_send_time());
    EXPECT_GT(pong->pong().receive_time().seconds(), 1'000'000'000);
  }
  const v1::Client client = GetClient(address(), "a");
  EXPECT_EQ(client.state(), v1::STATE_ALIVE);
  EXPECT_TRUE(client.peer_address().starts_with("127.0.0.1:")) << client.peer_address();
  EXPECT_EQ(client.keepalive().tcp_count(), 3);

  ASSERT_TRUE(stream.Goodbye());
  ExpectEnd(stream, grpc::StatusCode::OK, "");
  EXPECT_EQ(GetClient(address(), "a").cause(), v1::CAUSE_SAID_GOODBYE);
}

TEST_F(SmokeTest, EachFaultHasItsReason) {
  StartServer();
  {
    HeartbeatStream stream(address());
    ASSERT_TRUE(stream.Ping(1));
    ExpectEnd(stream, grpc::StatusCode::FAILED_PRECONDITION, "HELLO_MISSING");
  }
  {
    HeartbeatStream stream(address());
    ASSERT_TRUE(stream.Send(HeartbeatStream::Hello("", std::string(129, 'x'), milliseconds(0))));
    ExpectEnd(stream, grpc::StatusCode::INVALID_ARGUMENT, "BAD_HELLO");
    const auto details = DetailsOf(*stream.End()).bad_request;
    ASSERT_EQ(details.field_violations_size(), 3);
    EXPECT_EQ(details.field_violations(0).field(), "hello.client_id");
    EXPECT_EQ(details.field_violations(2).field(), "hello.interval");
  }
  {
    HeartbeatStream stream(address());
    ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("b", "b-1")));
    ASSERT_TRUE(stream.Ping(7));
    ASSERT_TRUE(stream.Ping(7));
    ExpectEnd(stream, grpc::StatusCode::INVALID_ARGUMENT, "BAD_SEQUENCE");
  }
  {
    HeartbeatStream stream(address());
    ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("c", "c-1")));
    stream.Send(HeartbeatStream::Hello("c", "c-1"));
    ExpectEnd(stream, grpc::StatusCode::FAILED_PRECONDITION, "HELLO_REPEATED");
  }
  for (const std::size_t size : {20 << 10, 5 << 20}) {
    HeartbeatStream stream(address());
    ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("d", "d-1")));
    v1::HeartbeatRequest request;
    request.mutable_goodbye()->set_reason(std::string(size, 'x'));
    stream.Send(request);
    ExpectEnd(stream, grpc::StatusCode::RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE");
  }
  {
    HeartbeatStream stream(address());
    ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("e", "e-1", milliseconds(60'000), milliseconds(120'000))));
    for (int i = 1; i < 200 && stream.Ping(i); ++i) {
    }
    ExpectEnd(stream, grpc::StatusCode::RESOURCE_EXHAUSTED, "PING_FLOOD");
  }
  HeartbeatStream silent(address());
  ExpectEnd(silent, grpc::StatusCode::DEADLINE_EXCEEDED, "HELLO_TIMEOUT");
}

TEST_F(SmokeTest, TakeoverAndSilence) {
  StartServer({"--resume-grace=300ms"});
  HeartbeatStream first(address());
  const auto welcome = first.Join(HeartbeatStream::Hello("a", "a-1", milliseconds(200), milliseconds(600)));
  ASSERT_TRUE(welcome);

  HeartbeatStream resumed(address());
  auto hello = HeartbeatStream::Hello("a", "a-1", milliseconds(200), milliseconds(600));
  hello.mutable_hello()->set_resume_token(welcome->resume_token());
  const auto again = resumed.Join(hello);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->incarnation(), welcome->incarnation());
  ExpectEnd(first, grpc::StatusCode::CANCELLED, "STREAM_REPLACED");

  HeartbeatStream newer(address());
  const auto other = newer.Join(HeartbeatStream::Hello("a", "a-2", milliseconds(200), milliseconds(600)));
  ASSERT_TRUE(other);
  EXPECT_GT(other->incarnation(), welcome->incarnation());
  ExpectEnd(resumed, grpc::StatusCode::ABORTED, "SUPERSEDED");

  ExpectEnd(newer, grpc::StatusCode::DEADLINE_EXCEEDED, "SILENT");
  EXPECT_EQ(GetClient(address(), "a").state(), v1::STATE_DEAD);

  HeartbeatStream thief(address());
  auto stolen = HeartbeatStream::Hello("thief", "t-1");
  stolen.mutable_hello()->set_resume_token(welcome->resume_token());
  ASSERT_TRUE(thief.Send(stolen));
  ExpectEnd(thief, grpc::StatusCode::PERMISSION_DENIED, "RESUME_TOKEN_OTHER_CLIENT");
}

TEST_F(SmokeTest, TellsHowAStreamClosed) {
  StartServer();
  HeartbeatStream half(address());
  ASSERT_TRUE(half.Join(HeartbeatStream::Hello("half", "1")));
  half.HalfClose();
  ExpectEnd(half, grpc::StatusCode::OK, "");
  EXPECT_EQ(WaitForState(address(), "half", v1::STATE_DEAD).evidence().stream().end(),
            v1::STREAM_END_HALF_CLOSED);

  HeartbeatStream limited(NewChannel(address()), milliseconds(700));
  ASSERT_TRUE(limited.Join(HeartbeatStream::Hello("limited", "1")));
  EXPECT_EQ(limited.End()->error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(WaitForState(address(), "limited", v1::STATE_DEAD).evidence().stream().end(),
            v1::STREAM_END_CALL_DEADLINE);

  HeartbeatStream cut(address());
  ASSERT_TRUE(cut.Join(HeartbeatStream::Hello("cut", "1")));
  cut.Cancel();
  const v1::Client cancelled = WaitForState(address(), "cut", v1::STATE_DEAD);
  EXPECT_EQ(cancelled.evidence().stream().end(), v1::STREAM_END_CANCELLED);
  EXPECT_EQ(cancelled.cause(), v1::CAUSE_STREAM_CLOSED);
}

// Only a client that says its own end of the connection shows that no proxy's kernel is taken for its own.
TEST_F(SmokeTest, KnowsWhoseConnectionItSees) {
  StartServer();
  const auto channel = NewChannel(address());
  const auto evidence_of = [&](const std::string& client_id, const std::string& local_address) {
    HeartbeatStream stream(channel);
    auto hello = HeartbeatStream::Hello(client_id, "1");
    hello.mutable_hello()->set_local_address(local_address);
    EXPECT_TRUE(stream.Join(hello));
    stream.Cancel();
    return WaitForState(address(), client_id, v1::STATE_DEAD).evidence();
  };
  for (const char* nothing : {"", "somewhere", "127.0.0.1"}) {
    const v1::Evidence evidence = evidence_of(std::string("silent-") + nothing, nothing);
    EXPECT_TRUE(evidence.tcp().maybe_proxied()) << nothing;
    EXPECT_EQ(evidence.confidence(), v1::CONFIDENCE_LOW) << nothing;
    EXPECT_NE(evidence.summary().find("may be a proxy's"), std::string::npos) << evidence.summary();
  }
  const v1::Evidence proxied = evidence_of("proxied", "192.0.2.1:4711");
  EXPECT_EQ(proxied.tcp().absence(), v1::TCP_ABSENCE_PROXY);
  EXPECT_NE(proxied.confidence(), v1::CONFIDENCE_HIGH);

  // All of them shared one connection.
  const std::string own_end = GetClient(address(), "proxied").peer_address();
  const v1::Evidence direct = evidence_of("direct", own_end);
  EXPECT_FALSE(direct.tcp().maybe_proxied());
  EXPECT_EQ(direct.tcp().absence(), v1::TCP_ABSENCE_UNSPECIFIED);
  EXPECT_EQ(direct.confidence(), v1::CONFIDENCE_HIGH);
}

TEST_F(SmokeTest, AStallEndsWithItsTokenAlsoOnAnotherStream) {
  StartServer();
  const auto health_is = [&](v1::Health wanted) {
    const auto give_up = std::chrono::steady_clock::now() + seconds(20);
    while (GetClient(address(), "a").health() != wanted) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return true;
  };
  v1::HeartbeatRequest stale;
  stale.mutable_ping()->set_sequence(1);
  auto& token = *stale.mutable_ping()->add_progress();
  token.set_name("consumer");
  token.mutable_age()->set_seconds(9);
  token.mutable_deadline()->set_seconds(5);

  HeartbeatStream first(address());
  const auto hello = HeartbeatStream::Hello("a", "1", milliseconds(10'000), milliseconds(40'000));
  const auto welcome = first.Join(hello);
  ASSERT_TRUE(welcome);
  ASSERT_TRUE(first.Send(stale));
  ASSERT_TRUE(health_is(v1::HEALTH_STALLED));
  first.Ping(2);  // plain: the token is gone
  ASSERT_TRUE(health_is(v1::HEALTH_OK));

  stale.mutable_ping()->set_sequence(3);
  ASSERT_TRUE(first.Send(stale));
  ASSERT_TRUE(health_is(v1::HEALTH_STALLED));
  HeartbeatStream second(address());
  auto again = hello;
  again.mutable_hello()->set_resume_token(welcome->resume_token());
  ASSERT_TRUE(second.Join(again));
  second.Ping(1);
  EXPECT_TRUE(health_is(v1::HEALTH_OK));
}

TEST_F(SmokeTest, DrainsOnSigterm) {
  StartServer({"--drain-timeout=2s"});
  HeartbeatStream stream(address());
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("a", "a-1")));
  server_->Signal(SIGTERM);
  const auto drain = stream.Receive();
  ASSERT_TRUE(drain && drain->has_drain());
  EXPECT_EQ(drain->drain().reconnect_within().seconds(), 1);
  ExpectEnd(stream, grpc::StatusCode::UNAVAILABLE, "DRAINING");
  EXPECT_EQ(server_->WaitForExit(seconds(20)), 0);
}

TEST_F(SmokeTest, RefusesWhatItCannotServe) {
  const std::string dir = ::testing::TempDir() + "liveness-smoke-" + std::to_string(getpid());
  StartServer({"--data-dir=" + dir});
  const auto in_use = ServerProcess::RunToEnd({"--listen=" + address()});
  EXPECT_EQ(in_use.exit_code, 1);
  EXPECT_NE(in_use.err.find("in use"), std::string::npos) << in_use.err;
  const auto locked = ServerProcess::RunToEnd({"--listen=127.0.0.1:0", "--data-dir=" + dir});
  EXPECT_EQ(locked.exit_code, 1);
  EXPECT_NE(locked.err.find("another livenessd"), std::string::npos) << locked.err;
  EXPECT_EQ(ServerProcess::RunToEnd({"--no-such-flag"}).exit_code, 2);
  EXPECT_EQ(server_->Stop(), 0);
  std::filesystem::remove_all(dir);
}

// Any unary method, with an empty request.
grpc::StatusCode CallEmpty(const std::string& address, const std::string& method) {
  grpc::GenericStub stub(NewChannel(address));
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  grpc::ByteBuffer response;
  grpc::Status status;
  const grpc::Slice nothing;
  auto call = stub.PrepareUnaryCall(&context, method, grpc::ByteBuffer(&nothing, 1), &queue);
  call->StartCall();
  call->Finish(&response, &status, &call);
  void* tag = nullptr;
  bool ok = false;
  EXPECT_TRUE(queue.Next(&tag, &ok));
  return status.error_code();
}

TEST(ServerSmokeTest, ChannelzIsServedWhereItIsAskedFor) {
  constexpr char kGetServers[] = "/grpc.channelz.v1.Channelz/GetServers";
  auto with = ServerProcess::Start({"--channelz"});
  EXPECT_EQ(CallEmpty(with->address(), kGetServers), grpc::StatusCode::OK);
  auto without = ServerProcess::Start({});
  EXPECT_EQ(CallEmpty(without->address(), kGetServers), grpc::StatusCode::UNIMPLEMENTED);
}

}  // namespace
}  // namespace liveness
