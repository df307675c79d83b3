#include "server/net/accepted_sockets.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace liveness::net {
namespace {

using std::chrono::seconds;

Endpoint Peer(int port) { return *FromGrpcPeer("ipv4:10.0.0.7:" + std::to_string(port)); }

TEST(AcceptedSocketsTest, TheOldestGoesWhenItIsFull) {
  AcceptedSockets sockets(seconds(1), seconds(1), 3);
  for (int port = 1; port <= 3; ++port)
    sockets.Remember(Peer(port), {.cookie = static_cast<std::uint64_t>(port)});
  sockets.Remember(Peer(2), {.cookie = 22});  // the address is used again: nobody has to go
  EXPECT_EQ(sockets.size(), 3U);
  EXPECT_EQ(sockets.Find(Peer(2))->cookie, 22U);
  sockets.Remember(Peer(4), {});
  EXPECT_EQ(sockets.size(), 3U);
  EXPECT_FALSE(sockets.Find(Peer(1)));
  EXPECT_TRUE(sockets.Find(Peer(2)));
}

// A connection over the loopback: `client` connects to a listener, `accepted` is its other end.
struct Connection {
  Connection() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(listener, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener, 1);
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    client = socket(AF_INET, SOCK_STREAM, 0);
    connect(client, reinterpret_cast<sockaddr*>(&address), size);
    accepted = accept(listener, nullptr, nullptr);
    getsockname(client, reinterpret_cast<sockaddr*>(&address), &size);
    client_port = ntohs(address.sin_port);
    close(listener);
  }
  ~Connection() {
    close(client);
    close(accepted);
  }
  int client = -1;
  int accepted = -1;
  int client_port = 0;
};

TEST(AcceptedSocketsTest, ReadsBackWhatTheKernelHas) {
  Connection first, second, third;
  common::TcpKeepalive keepalive;
  keepalive.idle = seconds(7);
  keepalive.interval = seconds(2);
  keepalive.count = 4;
  ASSERT_FALSE(common::SetTcpKeepalive(first.accepted, keepalive));
  ASSERT_FALSE(common::SetTcpKeepalive(second.accepted, keepalive));

  AcceptedSockets sockets(seconds(6), seconds(3));
  for (const Connection* each : {&first, &second, &third}) sockets.OnAccept(each->accepted);
  const auto found = sockets.Find(*FromGrpcPeer("ipv4:127.0.0.1:" + std::to_string(first.client_port)));
  ASSERT_TRUE(found);
  ASSERT_NE(found->keepalive, nullptr);
  EXPECT_EQ(found->keepalive->tcp, common::InForce(keepalive));
  EXPECT_EQ(found->keepalive->http2_time, seconds(6));
  EXPECT_EQ(AddressText(found->local), "127.0.0.1");
  EXPECT_NE(found->cookie, 0U);

  // Equal values are one object; others are not taken for them.
  const auto same = sockets.Find(*FromGrpcPeer("ipv4:127.0.0.1:" + std::to_string(second.client_port)));
  EXPECT_EQ(same->keepalive, found->keepalive);
  const auto other = sockets.Find(*FromGrpcPeer("ipv4:127.0.0.1:" + std::to_string(third.client_port)));
  EXPECT_FALSE(other->keepalive->tcp.enabled);
}

TEST(AcceptedSocketsTest, OtherDescriptorsAreIgnored) {
  AcceptedSockets sockets(seconds(1), seconds(1));
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  sockets.OnAccept(pair[0]);
  sockets.OnAccept(-1);
  EXPECT_EQ(sockets.size(), 0U);
  close(pair[0]);
  close(pair[1]);
}

}  // namespace
}  // namespace liveness::net
