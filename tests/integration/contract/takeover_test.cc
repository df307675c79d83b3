// Who may speak for a client id: resume, supersession, eviction, and tokens that
// are not one's own.
#include <utility>

#include "tests/integration/contract/contract_fixture.h"

namespace liveness::testing {
namespace {

class TakeoverTest : public ContractTest {
 protected:
  static v1::HeartbeatRequest Hello(const std::string& id, const std::string& instance,
                                    const std::string& token = {}) {
    auto hello = HeartbeatStream::Hello(id, instance, milliseconds(500), milliseconds(8000));
    hello.mutable_hello()->set_resume_token(token);
    return hello;
  }
  void ExpectRefused(const v1::HeartbeatRequest& hello, grpc::StatusCode code, const std::string& reason) {
    HeartbeatStream stream(channel_);
    stream.Send(hello);
    ExpectEnd(stream, code, reason);
  }
  grpc::Status Evict(const std::string& id) {
    v1::EvictClientRequest request;
    request.set_name("clients/" + id);
    v1::Client client;
    grpc::ClientContext context;
    SetPatience(context);
    return admin_->EvictClient(&context, request, &client);
  }
};

TEST_F(TakeoverTest, ItsOwnNewerStreamReplacesTheOlderWithoutATransition) {
  StartServer();
  HeartbeatStream older(channel_);
  const auto welcome = older.Join(Hello("a", "1"));
  ASSERT_TRUE(welcome);
  HeartbeatStream newer(channel_);  // the same connection: the same address
  const auto resumed = newer.Join(Hello("a", "1", welcome->resume_token()));
  ASSERT_TRUE(resumed);
  EXPECT_EQ(resumed->incarnation(), welcome->incarnation());
  ExpectEnd(older, grpc::StatusCode::CANCELLED, "STREAM_REPLACED");
  EXPECT_EQ(TransitionsOf("a").size(), 1U);
  EXPECT_GT(Get("a").attachment(), 1U);
  ASSERT_TRUE(newer.Ping(1));
  EXPECT_TRUE(newer.Receive());
}

TEST_F(TakeoverTest, AStreamOpenedBesideTakesOverWhereItSpeaks) {
  StartServer();
  HeartbeatStream older(channel_);
  const auto welcome = older.Join(Hello("a", "1"));
  ASSERT_TRUE(welcome);
  v1::HeartbeatRequest beside = Hello("a", "1", welcome->resume_token());
  beside.mutable_hello()->set_beside(true);
  beside.mutable_hello()->set_attempt(1);
  HeartbeatStream second(channel_);
  HeartbeatStream third(channel_);
  for (HeartbeatStream* stream : {&second, &third}) {
    beside.mutable_hello()->set_attempt(beside.hello().attempt() + 1);
    const auto also = stream->Join(beside);
    ASSERT_TRUE(also);
    EXPECT_EQ(also->incarnation(), welcome->incarnation());
    EXPECT_GT(also->vouched_for().seconds(), 0);
  }
  ASSERT_TRUE(older.Ping(1));
  ASSERT_TRUE(older.Receive()) << "it is the session's still";
  ASSERT_TRUE(third.Ping(1));
  EXPECT_TRUE(third.Receive());
  ExpectEnd(older, grpc::StatusCode::CANCELLED, "STREAM_REPLACED");
  ExpectEnd(second, grpc::StatusCode::CANCELLED, "STREAM_REPLACED");
  EXPECT_EQ(TransitionsOf("a").size(), 1U) << "nobody has fallen";
  ASSERT_TRUE(third.Ping(2));
  EXPECT_TRUE(third.Receive());
}

TEST_F(TakeoverTest, TheSameInstanceWithoutATokenBeginsANewSession) {
  StartServer();
  HeartbeatStream older(channel_);
  const auto welcome = older.Join(Hello("a", "1"));
  ASSERT_TRUE(welcome);
  HeartbeatStream newer(channel_);
  const auto again = newer.Join(Hello("a", "1"));
  ASSERT_TRUE(again);
  EXPECT_GT(again->incarnation(), welcome->incarnation());
  ExpectEnd(older, grpc::StatusCode::CANCELLED, "STREAM_REPLACED");
  // Who beats has the newer token: with the older one another process comes, that bears the same name.
  ASSERT_TRUE(newer.Ping(1));
  ASSERT_TRUE(newer.Receive());
  ExpectRefused(Hello("a", "1", welcome->resume_token()), grpc::StatusCode::ABORTED, "SUPERSEDED");
  HeartbeatStream resumed(channel_);
  const auto last = resumed.Join(Hello("a", "1", again->resume_token()));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->incarnation(), again->incarnation());
  ExpectEnd(newer, grpc::StatusCode::CANCELLED, "STREAM_REPLACED");
}

TEST_F(TakeoverTest, ALateHelloOfTheSameInstanceChangesNothing) {
  StartServer();
  auto hello = Hello("a", "1");
  HeartbeatStream newer(address());
  hello.mutable_hello()->set_attempt(2);
  const auto welcome = newer.Join(hello);
  ASSERT_TRUE(welcome);
  hello.mutable_hello()->set_attempt(1);
  ExpectRefused(hello, grpc::StatusCode::CANCELLED, "STALE_HELLO");
  ASSERT_TRUE(newer.Ping(1));
  const auto pong = newer.Receive();
  ASSERT_TRUE(pong && pong->has_pong());
  EXPECT_EQ(Get("a").incarnation(), welcome->incarnation());
  EXPECT_EQ(TransitionsOf("a").size(), 1U);
}

TEST_F(TakeoverTest, ALoneProcessThatDoesNotCountIsNotSupersededByItsOwnLateHello) {
  StartServer();
  HeartbeatStream welcomed(address());
  const auto welcome = welcomed.Join(Hello("a", "1"));
  ASSERT_TRUE(welcome && welcomed.Ping(1) && welcomed.Receive());
  HeartbeatStream late(address());  // nobody is there any more
  ASSERT_TRUE(late.Join(Hello("a", "1")));
  ExpectEnd(welcomed, grpc::StatusCode::CANCELLED, "STREAM_REPLACED");
  HeartbeatStream back(address());
  const auto again = back.Join(Hello("a", "1", welcome->resume_token()));
  ASSERT_TRUE(again);
  EXPECT_GT(again->incarnation(), welcome->incarnation());
  ExpectEnd(late, grpc::StatusCode::CANCELLED, "STREAM_REPLACED");
}

TEST_F(TakeoverTest, AResumeTakesTheLabelsOfItsHello) {
  StartServer();
  auto hello = Hello("a", "1");
  (*hello.mutable_hello()->mutable_labels())["zone"] = "eu";
  (*hello.mutable_hello()->mutable_labels())["old"] = "1";
  HeartbeatStream first(channel_);
  const auto welcome = first.Join(hello);
  ASSERT_TRUE(welcome);
  hello.mutable_hello()->set_resume_token(welcome->resume_token());
  hello.mutable_hello()->mutable_labels()->erase("old");
  (*hello.mutable_hello()->mutable_labels())["zone"] = "us";
  HeartbeatStream second(channel_);
  const auto resumed = second.Join(hello);
  ASSERT_TRUE(resumed);
  EXPECT_EQ(resumed->incarnation(), welcome->incarnation());
  ExpectEnd(first, grpc::StatusCode::CANCELLED, "STREAM_REPLACED");
  const auto labels = Get("a").labels();
  EXPECT_EQ(labels.size(), 1U) << "those of the hello, and no others";
  EXPECT_EQ(labels.at("zone"), "us");
}

TEST_F(TakeoverTest, ASupersededInstanceDoesNotComeBack) {
  StartServer();
  HeartbeatStream older(address());
  const auto welcome = older.Join(Hello("a", "1"));
  ASSERT_TRUE(welcome);
  HeartbeatStream newer(address());
  const auto other = newer.Join(Hello("a", "2"));
  ASSERT_TRUE(other);
  EXPECT_GT(other->incarnation(), welcome->incarnation());
  ExpectEnd(older, grpc::StatusCode::ABORTED, "SUPERSEDED");
  ExpectRefused(Hello("a", "1"), grpc::StatusCode::ABORTED, "SUPERSEDED");
  ExpectRefused(Hello("a", "1", welcome->resume_token()), grpc::StatusCode::ABORTED, "SUPERSEDED");
  // Nor with another name for itself: the token is that of a superseded session.
  ExpectRefused(Hello("a", "3", welcome->resume_token()), grpc::StatusCode::ABORTED, "SUPERSEDED");
  EXPECT_EQ(Get("a").incarnation(), other->incarnation());
  EXPECT_EQ(Get("a").state(), v1::STATE_ALIVE);

  const auto told = TransitionsOf("a");
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[1].to_state(), v1::STATE_DEAD);
  EXPECT_EQ(told[1].cause(), v1::CAUSE_SUPERSEDED);
  EXPECT_EQ(told[1].incarnation(), welcome->incarnation());
  EXPECT_EQ(told[2].incarnation(), other->incarnation());
}

TEST_F(TakeoverTest, AnEvictedInstanceDoesNotComeBackButAnotherMay) {
  StartServer();
  HeartbeatStream stream(channel_);
  const auto welcome = stream.Join(Hello("a", "1"));
  ASSERT_TRUE(welcome);
  EXPECT_TRUE(Evict("a").ok());
  ExpectEnd(stream, grpc::StatusCode::ABORTED, "EVICTED");
  ExpectRefused(Hello("a", "1"), grpc::StatusCode::ABORTED, "EVICTED");
  ExpectRefused(Hello("a", "1", welcome->resume_token()), grpc::StatusCode::ABORTED, "EVICTED");
  EXPECT_EQ(Get("a").state(), v1::STATE_DEAD);
  EXPECT_EQ(Get("a").cause(), v1::CAUSE_EVICTED);
  ExpectError(Evict("a"), grpc::StatusCode::FAILED_PRECONDITION, "CLIENT_NOT_LIVE");
  ExpectError(Evict("nobody"), grpc::StatusCode::NOT_FOUND, "CLIENT_NOT_FOUND");
  HeartbeatStream other(channel_);
  EXPECT_TRUE(other.Join(Hello("a", "2")));
}

TEST_F(TakeoverTest, TokensThatAreNotOnesOwn) {
  StartServer();
  HeartbeatStream owner(channel_);
  const auto welcome = owner.Join(Hello("owner", "1"));
  ASSERT_TRUE(welcome);
  const std::string token = welcome->resume_token();
  ExpectRefused(Hello("thief", "1", token), grpc::StatusCode::PERMISSION_DENIED, "RESUME_TOKEN_OTHER_CLIENT");
  for (const std::string& forged :
       {std::string("x"), std::string(token.size(), 'x'), token + "x", token.substr(0, token.size() - 1)}) {
    ExpectRefused(Hello("owner", "1", forged), grpc::StatusCode::PERMISSION_DENIED, "RESUME_TOKEN_FORGED");
  }
  EXPECT_EQ(TransitionsOf("owner").size(), 1U);
  EXPECT_EQ(TransitionsOf("thief").size(), 0U);
}

TEST_F(TakeoverTest, ATokenWithOneBitChangedNeverResumes) {
  StartServer();
  HeartbeatStream owner(channel_);
  const auto welcome = owner.Join(Hello("owner", "1"));
  ASSERT_TRUE(welcome);
  const std::string token = welcome->resume_token();
  std::uint64_t newest = welcome->incarnation();
  std::size_t denied = 0;
  for (std::size_t byte = 0; byte < token.size(); ++byte) {
    std::string edited = token;
    edited[byte] = static_cast<char>(edited[byte] ^ 1);
    HeartbeatStream stream(channel_);
    if (const auto other = stream.Join(Hello("owner", "1", edited))) {
      // In the key's name: as a token of a store that was lost it is worth nothing,
      // and the session begins anew, as without one.
      EXPECT_GT(other->incarnation(), newest) << "byte " << byte;
      newest = other->incarnation();
    } else {
      ASSERT_TRUE(stream.End());
      EXPECT_EQ(DetailsOf(*stream.End()).reason, "RESUME_TOKEN_FORGED") << "byte " << byte;
      ++denied;
    }
  }
  EXPECT_GE(denied, token.size() - 12);  // as text, the name takes no more
}

TEST_F(TakeoverTest, AnotherInstanceGainsNothingByAToken) {
  StartServer();
  HeartbeatStream owner(channel_);
  const auto welcome = owner.Join(Hello("owner", "1"));
  ASSERT_TRUE(welcome);
  HeartbeatStream other(channel_);
  const auto second = other.Join(Hello("owner", "2", welcome->resume_token()));
  ASSERT_TRUE(second);  // it may supersede, as it might without the token
  EXPECT_GT(second->incarnation(), welcome->incarnation());
  ExpectEnd(owner, grpc::StatusCode::ABORTED, "SUPERSEDED");
}

TEST_F(TakeoverTest, ACallDeadlineEndsTheStreamAndANewOneKeepsTheSession) {
  StartServer({"--resume-grace=10s"});
  HeartbeatStream limited(NewChannel(address()), milliseconds(1500));
  const auto welcome = limited.Join(Hello("a", "1"));
  ASSERT_TRUE(welcome);
  const auto end = limited.End();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(DetailsOf(*end).reason, "");  // not ours: not SILENT
  ++expected_lines_["CALL_DEADLINE"];
  EXPECT_TRUE(Reaches("a", v1::STATE_SUSPECT));
  HeartbeatStream again(channel_);
  const auto resumed = again.Join(Hello("a", "1", welcome->resume_token()));
  ASSERT_TRUE(resumed);
  EXPECT_EQ(resumed->incarnation(), welcome->incarnation());
  const auto told = TransitionsOf("a");
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[1].to_state(), v1::STATE_SUSPECT);
  EXPECT_EQ(told[1].cause(), v1::CAUSE_STREAM_CLOSED);
  EXPECT_EQ(told[2].to_state(), v1::STATE_ALIVE);
}

TEST_F(TakeoverTest, WhoNeverAnswersProbesIsServedAllTheSame) {
  StartServer();
  HeartbeatStream stream(channel_);
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("mute", "1", milliseconds(100), milliseconds(8000))));
  // Pings are sparse enough to be probed (after 4.05 s of silence), in time to stay ALIVE.
  const auto probe = stream.Receive();
  ASSERT_TRUE(probe && probe->has_ping());
  for (std::uint64_t sequence = 1; sequence <= 5; ++sequence) {
    ASSERT_TRUE(stream.Ping(sequence));
    const auto pong = stream.Receive();
    ASSERT_TRUE(pong && pong->has_pong());
    EXPECT_EQ(pong->pong().sequence(), sequence);
  }
  EXPECT_EQ(TransitionsOf("mute").size(), 1U);
}

}  // namespace
}  // namespace liveness::testing
