// What the kernel tells of a connection, on real sockets of this machine.
#include "client/src/connection_socket.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <vector>

namespace liveness::internal {
namespace {

// A listener that accepts nobody, and connections to it.
class ConnectionSocketTest : public ::testing::Test {
 protected:
  ConnectionSocketTest() {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    EXPECT_EQ(bind(listener_, Address(), size), 0);
    EXPECT_EQ(listen(listener_, /*backlog=*/0), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size), 0);
  }
  ~ConnectionSocketTest() override {
    for (const int fd : opened_) close(fd);
    close(listener_);
  }
  // The first one: the kernel accepts it by itself. The queue is full then.
  int Connect() {
    const int fd = Open();
    EXPECT_EQ(connect(fd, Address(), sizeof(address_)), 0);
    return fd;
  }
  int Open(int flags = 0) {
    opened_.push_back(socket(AF_INET, SOCK_STREAM | flags, 0));
    return opened_.back();
  }
  static Arrival ArrivalOf(int fd) {
    ConnectionSocket connection;
    connection.Set(fd);
    return connection.Look().arrival;
  }
  const sockaddr* Address() const { return reinterpret_cast<const sockaddr*>(&address_); }

  const int listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address_{};
  std::vector<int> opened_;
};

TEST_F(ConnectionSocketTest, WithoutOneNothingIsKnown) {
  EXPECT_EQ(ConnectionSocket().Look().arrival, Arrival::kUnknown);
  EXPECT_EQ(ConnectionSocket().LocalAddress(), "");
  EXPECT_EQ(ArrivalOf(-1), Arrival::kUnknown);
}

#ifdef __linux__

TEST_F(ConnectionSocketTest, TellsWhetherAConnectionStands) {
  EXPECT_EQ(ArrivalOf(Connect()), Arrival::kAcknowledged);
  const int waiting = Open(SOCK_NONBLOCK);
  EXPECT_EQ(connect(waiting, Address(), sizeof(address_)), -1);
  EXPECT_EQ(ArrivalOf(waiting), Arrival::kConnecting);
  EXPECT_EQ(ArrivalOf(Open()), Arrival::kUnknown) << "it does not even connect";
}

TEST_F(ConnectionSocketTest, ANumberThatBelongsToAnotherSocketNowTellsNothing) {
  const int fd = Connect();
  ConnectionSocket connection;
  connection.Set(fd);
  EXPECT_EQ(connection.Look().arrival, Arrival::kAcknowledged);
  EXPECT_NE(connection.LocalAddress(), "");
  const int other = Open(SOCK_NONBLOCK);
  EXPECT_EQ(connect(other, Address(), sizeof(address_)), -1);
  ASSERT_EQ(dup2(other, fd), fd);
  EXPECT_EQ(connection.Look().arrival, Arrival::kUnknown);
  EXPECT_EQ(connection.LocalAddress(), "");
}

TEST(PathLookOf, WhatWasSentIsMissedOnceItsAcknowledgementIsLate) {
  tcp_info info{};
  info.tcpi_state = TCP_ESTABLISHED;
  const auto arrival = [&] { return PathLookOf(info).arrival; };
  info.tcpi_last_data_sent = 1'000;
  EXPECT_EQ(arrival(), Arrival::kAcknowledged) << "nothing waits";
  info.tcpi_unacked = 1;
  EXPECT_EQ(arrival(), Arrival::kUnacknowledged);
  info.tcpi_last_data_sent = 59;
  EXPECT_EQ(arrival(), Arrival::kAcknowledged) << "it may be under way";
  info.tcpi_last_data_sent = 60;
  EXPECT_EQ(arrival(), Arrival::kUnacknowledged);
  info.tcpi_rtt = 100'000;
  info.tcpi_rttvar = 25'000;
  EXPECT_EQ(arrival(), Arrival::kAcknowledged) << "the path is long";
  info.tcpi_last_data_sent = 200;
  EXPECT_EQ(arrival(), Arrival::kUnacknowledged);
  info.tcpi_last_data_sent = 0;
  info.tcpi_retransmits = 1;
  EXPECT_EQ(arrival(), Arrival::kUnacknowledged) << "the kernel has sent it again";
}

TEST(PathLookOf, TheOtherKernelsLastAnswerCountsWhereTheConnectionStands) {
  tcp_info info{};
  info.tcpi_last_ack_recv = 30;
  info.tcpi_state = TCP_ESTABLISHED;
  EXPECT_EQ(PathLookOf(info).answered_ago, std::chrono::milliseconds(30));
  info.tcpi_state = TCP_CLOSE_WAIT;
  EXPECT_EQ(PathLookOf(info).arrival, Arrival::kUnknown);
  EXPECT_EQ(PathLookOf(info).answered_ago, common::Duration::max());
}

#endif

}  // namespace
}  // namespace liveness::internal
