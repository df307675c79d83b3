// Floods of what stands beside the heartbeats: handshakes, the HTTP port, webhooks; while a thousand
// bystanders beat on (the fixture sees to them).
#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "common/openssl_ptr.h"
#include "tests/attack/limits_attack.h"
#include "tests/support/hook_receiver.h"
#include "tests/support/raw_connection.h"

namespace liveness::testing {
namespace {

// One address takes all the connections that HTTP may have, asks on each for something large, and reads none
// of it. Another address is still answered.
TEST_F(LimitsAttack, HttpConnectionsThatAskMuchAndReadNothing) {
  StartAttacked({"--http-listen=127.0.0.1:0", "--http-max-connections=200"});
  const std::string bearer = "Host: localhost\r\nAuthorization: Bearer " + TokenOf("evil") + "\r\n\r\n";
  std::atomic<int> refused{0}, others_unanswered{0}, others{0};
  const auto attack = [&](int thread) {
    if (thread == 0) {
      const RawConnection other(server_->http_address(), "127.0.0.2");
      (void)other.Send(
          "GET /api/v1/clients?page_size=1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
          TokenOf("ops") + "\r\n\r\n");
      ++(other.Receive().starts_with("HTTP/1.1 200 ") ? others : others_unanswered);
      return std::this_thread::sleep_for(Millis(50));
    }
    std::vector<std::unique_ptr<RawConnection>> connections;
    for (int i = 0; i < 100; ++i) {
      connections.push_back(std::make_unique<RawConnection>(server_->http_address()));
      const char* const target = i % 2 == 0 ? "/api/v1/clients?page_size=1000" : "/api/v1/watch";
      (void)connections.back()->Send(std::string("GET ") + target + " HTTP/1.1\r\n" + bearer);
    }
    // The last of them had no room, whoever of the threads was first.
    if (connections.back()->Receive(seconds(2)).starts_with("HTTP/1.1 503 ")) ++refused;
  };
  Under(4, attack, [&] { return refused > 10 && others > 5; });
  EXPECT_EQ(others_unanswered, 0);
}

// What a TLS client says first. To answer it costs the server a signature, and to say it again nothing.
std::string ClientHello() {
  const std::unique_ptr<SSL_CTX, common::OpensslDeleter<SSL_CTX_free>> context(
      SSL_CTX_new(TLS_client_method()));
  const std::unique_ptr<SSL, common::OpensslDeleter<SSL_free>> ssl(SSL_new(context.get()));
  BIO* const out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), out);
  const unsigned char kAlpn[] = {2, 'h', '2'};
  SSL_set_alpn_protos(ssl.get(), kAlpn, sizeof(kAlpn));
  (void)SSL_connect(ssl.get());
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

// As many as its address may open, and each has the server sign.
TEST_F(LimitsAttack, HandshakesThatAreBegunWithoutEnd) {
  StartAttackedOverTls();
  const std::string hello = ClientHello();
  std::atomic<int> answered{0};
  const auto attack = [&](int) {
    const RawConnection connection(server_->address());
    (void)connection.Send(hello);
    if (connection.IsAnswered(seconds(2))) ++answered;
  };
  Under(16, attack, [&] { return answered > 1'000; });
}

// One client comes and goes, thousands of times, while the receiver of the webhook answers nothing. What
// waits for it is bounded, and once it answers it hears of every bystander that fell.
TEST_F(LimitsAttack, EventsForAReceiverThatIsAway) {
  HookReceiver receiver;
  receiver.Answer(0);
  StartAttacked({"--config=" + Write("livenessd.toml", "[[hook]]\nname = \"pager\"\nurl = \"" +
                                                           receiver.Url("/") + "\"\nallow-private = true\n"),
                 "--history-transitions=2500"});
  std::atomic<int> instance{0}, left{0};
  const auto attack = [&](int thread) {
    const auto channel = Channel();
    for (int i = 0; i < 25; ++i) {
      HeartbeatStream stream(channel, Millis(0), TokenOf("evil"));
      if (!stream.Join(HeartbeatStream::Hello("evil-" + std::to_string(thread), std::to_string(++instance))))
        return;
      left += stream.Goodbye();
    }
  };
  Under(4, attack, [&] { return left > 2'500; });
  receiver.Answer(200);
  const auto told = [](const std::vector<HookReceiver::Event>& taken, const std::string& begin) {
    return std::count_if(taken.begin(), taken.end(), [&](const HookReceiver::Event& event) {
      return event.subject.starts_with(begin) && event.subject.find("/DEAD") != std::string::npos;
    });
  };
  EXPECT_TRUE(receiver.Await(
      [&](const auto& taken, auto) { return told(taken, "clients/by-") >= 2 * kFallen; }, seconds(60)))
      << told(receiver.Taken(), "clients/by-") << " of those that fell before it and in it";
}

}  // namespace
}  // namespace liveness::testing
