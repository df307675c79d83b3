// Against real connections on loopback.
#include "server/net/tcp_diag.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

namespace liveness::net {
namespace {

using core::TcpAbsence;

// A listener bound to `family`'s loopback, a connection to it, and the accepted end.
class TcpDiagTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    const int listener = socket(GetParam(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_storage address{};
    socklen_t size = sizeof(sockaddr_in6);
    if (GetParam() == AF_INET) {
      auto& v4 = reinterpret_cast<sockaddr_in&>(address);
      v4.sin_family = AF_INET;
      v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      size = sizeof(sockaddr_in);
    } else {
      auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
      v6.sin6_family = AF_INET6;
      v6.sin6_addr = in6addr_loopback;
    }
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener, plain, size) != 0) {
      close(listener);
      GTEST_SKIP() << "no such address family here";
    }
    ASSERT_EQ(listen(listener, 1), 0);
    getsockname(listener, plain, &size);
    client_ = socket(GetParam(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(connect(client_, plain, size), 0);
    server_ = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    close(listener);
    ASSERT_GE(server_, 0);
    getsockname(server_, plain, &size);
    local_ = *FromSockaddr(address);
    getpeername(server_, plain, &size);
    remote_ = *FromSockaddr(address);
    socklen_t cookie_size = sizeof(cookie_);
    ASSERT_EQ(getsockopt(server_, SOL_SOCKET, SO_COOKIE, &cookie_, &cookie_size), 0);
  }
  void TearDown() override {
    for (const int fd : {client_, server_}) {
      if (fd >= 0) close(fd);
    }
  }
  core::TcpEvidence Ask() const { return diag_.Ask({local_, remote_, cookie_}); }

  TcpDiag diag_;
  int client_ = -1;
  int server_ = -1;
  Endpoint local_;
  Endpoint remote_;
  std::uint64_t cookie_ = 0;
};

TEST_P(TcpDiagTest, SeesWhatArrivedAndWasNotRead) {
  core::TcpEvidence tcp = Ask();
  ASSERT_EQ(tcp.absence, TcpAbsence::kPresent);
  EXPECT_TRUE(tcp.established);
  EXPECT_EQ(tcp.unread_bytes, 0u);
  ASSERT_EQ(send(client_, "12345", 5, 0), 5);
  EXPECT_EQ(Ask().unread_bytes, 5u);
  char bytes[5];
  ASSERT_EQ(recv(server_, bytes, sizeof(bytes), MSG_WAITALL), 5);
  tcp = Ask();
  EXPECT_EQ(tcp.unread_bytes, 0u);
  EXPECT_EQ(tcp.unacked, 0u);
  EXPECT_LT(tcp.last_ack_age, std::chrono::seconds(60));
}

TEST_P(TcpDiagTest, TellsWhoClosed) {
  shutdown(client_, SHUT_WR);
  EXPECT_FALSE(Ask().established);
  EXPECT_FALSE(Ask().closed_by_us);
  close(client_);
  client_ = -1;
  close(server_);
  server_ = -1;
  EXPECT_NE(Ask().absence, TcpAbsence::kUnsupported);
  EXPECT_FALSE(Ask().established);
}

TEST_P(TcpDiagTest, TellsThatOurEndClosedFirst) {
  shutdown(server_, SHUT_WR);
  EXPECT_EQ(Ask().absence, TcpAbsence::kPresent);
  EXPECT_FALSE(Ask().established);
  EXPECT_TRUE(Ask().closed_by_us);
}

TEST_P(TcpDiagTest, AnotherConnectionBetweenTheSameEndsIsNotTaken) {
  EXPECT_EQ(diag_.Ask({local_, remote_, cookie_ + 1}).absence, TcpAbsence::kClosed);
  EXPECT_EQ(diag_.Ask({local_, remote_, 0}).absence, TcpAbsence::kPresent);
  Endpoint other = remote_;
  other.port = static_cast<std::uint16_t>(other.port == 1 ? 2 : 1);
  EXPECT_EQ(diag_.Ask({local_, other, 0}).absence, TcpAbsence::kClosed);
}

// Asked for one by one or found by a walk over all: the same answers.
TEST_P(TcpDiagTest, ManyAreAnsweredAsEachIs) {
  ASSERT_EQ(send(client_, "12345", 5, 0), 5);
  std::vector<TcpDiag::Question> questions = {
      {local_, remote_, cookie_}, {local_, remote_, cookie_ + 1}, {}, {local_, remote_, cookie_}};
  for (std::uint16_t port = 1; port <= 500; ++port) {
    if (port != remote_.port) questions.push_back({local_, {remote_.address, port}});
  }
  for (const std::size_t connections : {questions.size(), std::size_t{1'000'000}}) {
    const auto answers = diag_.AskAll(questions, connections);
    ASSERT_EQ(answers.size(), questions.size());
    for (const std::size_t i : {0, 3}) {
      EXPECT_EQ(answers[i].absence, TcpAbsence::kPresent);
      EXPECT_TRUE(answers[i].established);
      EXPECT_EQ(answers[i].unread_bytes, 5u);
    }
    EXPECT_EQ(answers[1].absence, TcpAbsence::kClosed) << "a later connection";
    EXPECT_EQ(answers[2].absence, TcpAbsence::kUnsupported) << "no TCP connection";
    for (std::size_t i = 4; i < answers.size(); ++i) ASSERT_EQ(answers[i].absence, TcpAbsence::kClosed);
  }
  EXPECT_EQ(Ask().unread_bytes, 5u) << "nothing of the walk is left in the way";
}

TEST_P(TcpDiagTest, NobodyIsAnsweredNothing) { EXPECT_TRUE(diag_.AskAll({}, 10).empty()); }

TEST_P(TcpDiagTest, WhatIsNoTcpConnectionIsUnsupported) {
  EXPECT_EQ(diag_.Ask({}).absence, TcpAbsence::kUnsupported);
}

INSTANTIATE_TEST_SUITE_P(Families, TcpDiagTest, ::testing::Values(AF_INET, AF_INET6),
                         [](const auto& family) { return family.param == AF_INET ? "IPv4" : "IPv6"; });

}  // namespace
}  // namespace liveness::net
