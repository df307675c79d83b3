// Real receivers, the worst that there are.
#include "server/hooks/http_delivery.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <atomic>
#include <fstream>

#include "common/clock.h"
#include "common/net/socket_address.h"
#include "server/hooks/address_guard.h"
#include "tests/integration/hooks/sending.h"
#include "tests/support/authority.h"
#include "tests/support/receiver.h"
#include "tests/support/temp_dir.h"

namespace liveness::hooks {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using testing::Receiver;
using ::testing::StartsWith;

class HttpDeliveryTest : public ::testing::Test {
 protected:
  HttpDeliveryTest() { EXPECT_NE(receiver_.Port(), 0); }

  HookConfig Hook(const std::string& path) const {
    HookConfig hook;
    hook.name = "test";
    hook.url = receiver_.Url(path);
    hook.allow_private = true;
    return hook;
  }

  Receiver receiver_;
  HttpDelivery delivery_{{.user_agent = "livenessd/test"}, common::SystemClock()};
};

TEST_F(HttpDeliveryTest, PostsACloudEventThatIsSigned) {
  HookConfig hook = Hook("/ok");
  hook.secrets = {*Secret::Parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
  const Outcome outcome = Sent(delivery_, hook);
  EXPECT_EQ(outcome.result, Result::kTaken) << outcome.error;
  ASSERT_EQ(receiver_.Requests().size(), 1u);
  EXPECT_THAT(receiver_.Requests()[0],
              AllOf(HasSubstr(R"("content-type": "application/cloudevents+json; charset=utf-8")"),
                    HasSubstr(R"("webhook-id": "h-2-gap")"), HasSubstr(R"("webhook-timestamp": ")"),
                    HasSubstr(R"("webhook-signature": "v1,)"), HasSubstr(R"("user-agent": "livenessd/test")"),
                    HasSubstr(R"(\"resumes_at_revision\":\"2\")"), Not(HasSubstr("\"expect\""))));
}

TEST_F(HttpDeliveryTest, KeepsItsConnection) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Sent(delivery_, Hook("/ok")).result, Result::kTaken);
  const auto requests = receiver_.Requests();
  ASSERT_EQ(requests.size(), 3u);
  const auto peer = [](const std::string& line) { return line.substr(line.find("\"peer\""), 30); };
  EXPECT_EQ(peer(requests[0]), peer(requests[2]));
  EXPECT_THAT(requests[0], Not(HasSubstr("webhook-signature")));  // it has no secret
}

TEST_F(HttpDeliveryTest, TheStatusDecides) {
  for (const char* taken : {"/status/200", "/status/202", "/status/204", "/status/299"}) {
    EXPECT_EQ(Sent(delivery_, Hook(taken)).result, Result::kTaken) << taken;
  }
  for (const char* failed : {"/status/400", "/status/401", "/status/404", "/status/500", "/status/503"}) {
    const Outcome outcome = Sent(delivery_, Hook(failed));
    EXPECT_EQ(outcome.result, Result::kFailed) << failed;
    EXPECT_EQ(outcome.error, "HTTP " + std::string(failed).substr(8));
    EXPECT_FALSE(outcome.retry_after) << failed;
  }
  EXPECT_EQ(Sent(delivery_, Hook("/status/410")).result, Result::kGone);
}

TEST_F(HttpDeliveryTest, ARedirectIsNotFollowed) {
  const Outcome outcome = Sent(delivery_, Hook("/redirect"));
  EXPECT_EQ(outcome.result, Result::kMisplaced);
  EXPECT_THAT(outcome.error, StartsWith("HTTP 302: redirects are not followed"));
  EXPECT_EQ(receiver_.Requests().size(), 1u);
}

TEST_F(HttpDeliveryTest, ABusyReceiverSaysHowLong) {
  EXPECT_EQ(Sent(delivery_, Hook("/status/429/7")).retry_after, common::Duration(seconds(7)));
  EXPECT_EQ(Sent(delivery_, Hook("/status/503/120")).retry_after, common::Duration(seconds(120)));
  EXPECT_FALSE(Sent(delivery_, Hook("/status/500/7")).retry_after);
  const auto bounded = Sent(delivery_, Hook("/status/503/99999999999")).retry_after;
  EXPECT_LE(bounded.value_or(common::Duration::zero()), common::Duration(std::chrono::hours(24)));
}

TEST_F(HttpDeliveryTest, OfWhatAnErrorSaysTheFirstLineIsTold) {
  const Outcome outcome = Sent(delivery_, Hook("/error-page"));
  EXPECT_EQ(outcome.error, "HTTP 500: out of \x1b[31morder");
}

TEST_F(HttpDeliveryTest, OneThatHangsCostsItsTimeoutAndNobodyElseAnything) {
  HookConfig hanging = Hook("/hang");
  hanging.name = "hanging";
  hanging.timeout = seconds(3);
  auto slow = SendNow(delivery_, hanging, GapEvent("h", 1, 2));
  const common::MonoTime begin = common::SystemClock().Mono();
  int taken = 0;
  for (int i = 0; i < 20; ++i) taken += Sent(delivery_, Hook("/ok")).result == Result::kTaken;
  EXPECT_EQ(taken, 20);
  if (common::SystemClock().Mono() - begin < seconds(2)) {
    EXPECT_EQ(slow.wait_for(seconds(0)), std::future_status::timeout);
  }
  ASSERT_EQ(slow.wait_for(seconds(30)), std::future_status::ready);
  EXPECT_GE(common::SystemClock().Mono() - begin, milliseconds(2'800));
  const Outcome outcome = slow.get();
  EXPECT_EQ(outcome.result, Result::kFailed);
  EXPECT_THAT(outcome.error, HasSubstr("timed out"));
}

TEST_F(HttpDeliveryTest, HeadersThatDoNotEndAreTimedOutToo) {
  for (const char* path : {"/slow", "/continue"}) {
    HookConfig hook = Hook(path);
    hook.timeout = milliseconds(1'500);
    const Outcome outcome = Sent(delivery_, hook);
    EXPECT_EQ(outcome.result, Result::kFailed) << path;
    EXPECT_THAT(outcome.error, HasSubstr("timed out")) << path;
  }
}

TEST_F(HttpDeliveryTest, OfAGigabyteLittleIsRead) {
  const common::MonoTime begin = common::SystemClock().Mono();
  EXPECT_EQ(Sent(delivery_, Hook("/endless")).result, Result::kTaken);  // its status is 200
  const Outcome header = Sent(delivery_, Hook("/header"));
  EXPECT_EQ(header.result, Result::kFailed);
  EXPECT_THAT(header.error, HasSubstr("longer than 64 KiB"));
  EXPECT_LT(common::SystemClock().Mono() - begin, seconds(8));  // and not by the timeout
}

TEST_F(HttpDeliveryTest, ConnectionsThatBreakAreTriedAgain) {
  for (const char* path : {"/reset", "/close"}) {
    const Outcome outcome = Sent(delivery_, Hook(path));
    EXPECT_EQ(outcome.result, Result::kFailed) << path;
    EXPECT_NE(outcome.error, "") << path;
  }
  EXPECT_EQ(Sent(delivery_, Hook("/half")).result, Result::kTaken);
  HookConfig nobody = Hook("/ok");
  nobody.url = "http://127.0.0.1:1/";
  EXPECT_THAT(Sent(delivery_, nobody).error,
              MatchesRegex("Failed to connect to 127.0.0.1 port 1 after [0-9]+ ms"));
  EXPECT_EQ(Sent(delivery_, Hook("/ok")).result, Result::kTaken);
}

TEST_F(HttpDeliveryTest, PrivateAddressesAreRefusedUnlessAllowed) {
  HookConfig hook = Hook("/ok");
  hook.allow_private = false;
  const Outcome outcome = Sent(delivery_, hook);
  EXPECT_EQ(outcome.result, Result::kMisplaced);
  EXPECT_EQ(outcome.error,
            "will not connect to 127.0.0.1, a loopback address: allow-private = true would let it");
  // Neither over the connection that a hook with other rights has kept.
  HookConfig allowed = Hook("/ok");
  allowed.name = "allowed";
  EXPECT_EQ(Sent(delivery_, allowed).result, Result::kTaken);
  EXPECT_EQ(Sent(delivery_, hook).result, Result::kMisplaced);
  EXPECT_EQ(receiver_.Requests().size(), 1u);
  // Nor by other ways to write it.
  for (const char* host :
       {"localhost", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "[::ffff:127.0.0.1]"}) {
    hook.url = "http://" + std::string(host) + ":" + std::to_string(receiver_.Port()) + "/ok";
    EXPECT_EQ(Sent(delivery_, hook).result, Result::kMisplaced) << host;
  }
  EXPECT_EQ(receiver_.Requests().size(), 1u);
}

TEST_F(HttpDeliveryTest, AnAnswerThatChangesAtTheSecondLookUpIsCaught) {
  // 127.0.0.1 stands for a public address, and 127.0.0.2 for a private one.
  std::atomic<bool> turned = false;
  HttpOptions options;
  options.guard = [](const sockaddr& address) -> std::optional<std::string_view> {
    if (common::AddressText(address) == "127.0.0.1") return std::nullopt;
    return "a private address";
  };
  const std::string port = std::to_string(receiver_.Port());
  options.resolve = [&] {
    return std::vector<std::string>{"rebind.test:" + port + (turned ? ":127.0.0.2" : ":127.0.0.1")};
  };
  Receiver inner({"--address=127.0.0.2", "--port=" + port});
  ASSERT_EQ(std::to_string(inner.Port()), port);
  HttpDelivery delivery(options, common::SystemClock());
  HookConfig hook = Hook("");
  hook.allow_private = false;
  hook.url = "http://rebind.test:" + port + "/half";  // closes: the next attempt connects anew
  EXPECT_EQ(Sent(delivery, hook).result, Result::kTaken);
  turned = true;
  const Outcome outcome = Sent(delivery, hook);
  EXPECT_EQ(outcome.result, Result::kMisplaced);
  EXPECT_THAT(outcome.error, StartsWith("will not connect to 127.0.0.2, a private address"));
  EXPECT_EQ(inner.Requests().size(), 0u);
  EXPECT_EQ(receiver_.Requests().size(), 1u);
}

TEST_F(HttpDeliveryTest, TheEnvironmentsProxiesAreIgnored) {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  EXPECT_EQ(Sent(delivery_, Hook("/ok")).result, Result::kTaken);
  unsetenv("http_proxy");
  unsetenv("ALL_PROXY");
  // One that the hook names is asked, whatever the address.
  HookConfig hook = Hook("/ok");
  hook.allow_private = false;
  hook.url = "http://receiver.example/ok";
  hook.proxy = receiver_.Url("");
  (void)Sent(delivery_, hook);
  EXPECT_THAT(receiver_.Requests().back(), HasSubstr("\"path\": \"http://receiver.example/ok\""));
  // Its word is not the receiver's.
  hook.url = "https://receiver.example/ok";
  EXPECT_EQ(Sent(delivery_, hook).result, Result::kFailed);
}

TEST_F(HttpDeliveryTest, OnlyHttpIsSpoken) {
  const testing::TempDir dir;
  std::ofstream(dir.file("x")) << "x";
  HookConfig hook = Hook("");
  for (const std::string& url :
       {"file://" + dir.file("x"), std::string("gopher://127.0.0.1/x"), std::string("http://")}) {
    hook.url = url;
    EXPECT_EQ(Sent(delivery_, hook).result, Result::kMisplaced) << url;
  }
}

TEST_F(HttpDeliveryTest, CertificatesAreVerified) {
  const testing::TempDir dir;
  const testing::Authority authority("hooks");
  const testing::PemPair pair = authority.Issue("localhost");
  const testing::PemPair other =
      authority.Issue("localhost", "serverAuth", std::chrono::hours(-48), std::chrono::hours(-24));
  std::ofstream(dir.file("cert")) << pair.cert;
  std::ofstream(dir.file("key")) << pair.key;
  std::ofstream(dir.file("old-cert")) << other.cert;
  std::ofstream(dir.file("old-key")) << other.key;
  std::ofstream(dir.file("ca")) << authority.cert();
  const Receiver tls({"--cert=" + dir.file("cert"), "--key=" + dir.file("key")});
  HookConfig hook = Hook("");
  hook.url = "https://localhost:" + std::to_string(tls.Port()) + "/ok";
  const Outcome unknown = Sent(delivery_, hook);
  EXPECT_EQ(unknown.result, Result::kFailed);
  EXPECT_THAT(unknown.error, HasSubstr("certificate"));
  hook.ca_file = dir.file("ca");
  const Outcome verified = Sent(delivery_, hook);
  EXPECT_EQ(verified.result, Result::kTaken) << verified.error;
  hook.ca_file = dir.file("none");
  EXPECT_EQ(Sent(delivery_, hook).result, Result::kMisplaced);
  const Receiver expired({"--cert=" + dir.file("old-cert"), "--key=" + dir.file("old-key")});
  hook.ca_file = dir.file("ca");
  hook.url = "https://localhost:" + std::to_string(expired.Port()) + "/ok";
  EXPECT_THAT(Sent(delivery_, hook).error, HasSubstr("expired"));
  hook.url = "https://localhost:" + std::to_string(receiver_.Port()) + "/ok";  // speaks no TLS
  EXPECT_EQ(Sent(delivery_, hook).result, Result::kFailed);
}

TEST_F(HttpDeliveryTest, CancelAndStopEndWhatIsOnItsWay) {
  HookConfig hook = Hook("/hang");
  auto cancelled = SendNow(delivery_, hook, GapEvent("h", 1, 2));
  delivery_.Cancel("another");
  delivery_.Cancel("test");
  ASSERT_EQ(cancelled.wait_for(seconds(5)), std::future_status::ready);
  EXPECT_EQ(cancelled.get().result, Result::kCancelled);
  EXPECT_EQ(Sent(delivery_, Hook("/ok")).result, Result::kTaken);
  auto stopped = SendNow(delivery_, hook, GapEvent("h", 1, 2));
  delivery_.Stop();
  ASSERT_EQ(stopped.wait_for(seconds(0)), std::future_status::ready);
  EXPECT_EQ(stopped.get().result, Result::kCancelled);
  EXPECT_EQ(Sent(delivery_, Hook("/ok")).result, Result::kCancelled);
}

TEST_F(HttpDeliveryTest, TheNextEventMayBeSentFromDone) {
  std::promise<void> all;
  int left = 100;
  const auto hook = std::make_shared<const HookConfig>(Hook("/ok"));
  Delivery::Done next = [&](Outcome outcome) {
    if (outcome.result != Result::kTaken || --left == 0) return all.set_value();
    delivery_.Send(hook, GapEvent("h", 1, 2), next);
  };
  delivery_.Send(hook, GapEvent("h", 1, 2), next);
  ASSERT_EQ(all.get_future().wait_for(seconds(30)), std::future_status::ready);
  EXPECT_EQ(left, 0);
}

}  // namespace
}  // namespace liveness::hooks
