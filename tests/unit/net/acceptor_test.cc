// Real sockets on loopback; no gRPC.
#include "server/net/acceptor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "server/net/descriptor_limit.h"
#include "server/net/listen.h"
#include "tests/support/raw_connection.h"

namespace liveness::net {
namespace {

using testing::Ending;
using testing::RawConnection;

// Keeps what it is handed, as gRPC does.
class Keeper {
 public:
  ~Keeper() { CloseAll(); }
  Acceptor::Handler Handler() {
    return [this](int, int fd) {
      const std::lock_guard lock(mu_);
      fds_.push_back(fd);
    };
  }
  std::size_t size() const {
    const std::lock_guard lock(mu_);
    return fds_.size();
  }
  void CloseAll() {
    const std::lock_guard lock(mu_);
    for (const int fd : fds_) close(fd);
    fds_.clear();
  }

 private:
  mutable std::mutex mu_;
  std::vector<int> fds_;
};

template <typename Condition>
bool Eventually(Condition holds) {
  for (int i = 0; i < 2000; ++i) {
    if (holds()) return true;
    (void)poll(nullptr, 0, 10);
  }
  return false;
}

class AcceptorTest : public ::testing::Test {
 protected:
  void Make(std::size_t max_connections, core::RateOptions rate = {}) {
    auto sockets = Listen(*ParseListenAddresses("127.0.0.1:0"), {});
    ASSERT_TRUE(sockets.ok()) << sockets.status();
    address_ = sockets->front().text();
    AcceptorOptions options;
    options.admission = {max_connections, rate};
    options.on_error = [this] { ++errors_; };
    acceptor_ = std::make_unique<Acceptor>(common::SystemClock(), std::move(options), *std::move(sockets));
  }
  void Start(std::size_t max_connections, core::RateOptions rate = {}) {
    Make(max_connections, rate);
    acceptor_->Start(keeper_.Handler());
  }

  std::atomic<int> errors_{0};
  std::string address_;
  Keeper keeper_;
  std::unique_ptr<Acceptor> acceptor_;
};

TEST_F(AcceptorTest, WhatComesBeforeTheStartWaitsAndAfterTheStopIsRefused) {
  const std::size_t before = OpenDescriptors();
  Make(10);
  {
    const RawConnection early(address_);
    EXPECT_TRUE(early.connected());
    EXPECT_EQ(keeper_.size(), 0U);
    EXPECT_EQ(acceptor_->Figures().backlog, 1U);
    acceptor_->Start(keeper_.Handler());
    EXPECT_TRUE(Eventually([&] { return keeper_.size() == 1; }));
    acceptor_->Stop();
    const RawConnection late(address_);
    EXPECT_FALSE(late.connected());
  }
  EXPECT_EQ(keeper_.size(), 1U);
  keeper_.CloseAll();
  acceptor_ = nullptr;
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(AcceptorTest, BeyondTheBoundIsClosedInOrderAndAFreePlaceIsFound) {
  Start(3);
  std::vector<RawConnection> in;
  for (int i = 0; i < 3; ++i) in.emplace_back(address_);
  ASSERT_TRUE(Eventually([&] { return keeper_.size() == 3; }));
  for (int i = 0; i < 40; ++i) {
    const RawConnection over(address_);
    ASSERT_TRUE(over.connected());
    EXPECT_TRUE(over.Greet());  // unread bytes would make a close a reset
    EXPECT_EQ(over.WaitForEnd(), Ending::kOrderly) << i;
  }
  EXPECT_EQ(acceptor_->Figures().refused, 40U);
  EXPECT_EQ(acceptor_->Figures().connections, 3U);
  keeper_.CloseAll();
  // Not at once: a slice that was looked at just now is not looked at again.
  std::vector<RawConnection> again;
  EXPECT_TRUE(Eventually([&] {
    if (keeper_.size() == 0) again.emplace_back(address_);
    return keeper_.size() != 0;
  }));
  EXPECT_TRUE(Eventually([&] { return acceptor_->Figures().connections == keeper_.size(); }));
}

TEST_F(AcceptorTest, ItsOwnAreLetInWhateverTheBounds) {
  Start(1, {.each = std::chrono::seconds(1), .burst = 1});
  const RawConnection other(address_);
  ASSERT_TRUE(Eventually([&] { return keeper_.size() == 1; }));
  const auto endpoint = FromText(address_);
  for (std::size_t i = 2; i <= 4; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    acceptor_->own().BeforeConnect(fd);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(endpoint->port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
    EXPECT_TRUE(Eventually([&] { return keeper_.size() == i; }));
    close(fd);
  }
  EXPECT_EQ(acceptor_->Figures().connections, 1U);
  EXPECT_EQ(acceptor_->Figures().refused, 0U);
}

TEST_F(AcceptorTest, AnAddressThatIsTooFastIsClosedAndOthersAreNot) {
  Start(1000, {.each = std::chrono::seconds(1), .burst = 5});
  std::vector<RawConnection> fast;
  for (int i = 0; i < 30; ++i) fast.emplace_back(address_, "127.0.0.9");
  EXPECT_TRUE(Eventually([&] { return acceptor_->Figures().rate_limited >= 20; }));
  EXPECT_EQ(fast.back().WaitForEnd(), Ending::kOrderly);
  const std::uint64_t accepted = acceptor_->Figures().accepted;
  const RawConnection other(address_, "127.0.0.8");
  EXPECT_TRUE(Eventually([&] { return acceptor_->Figures().accepted > accepted; }));
}

// The fault of gRPC's own listener: it never accepts again.
TEST_F(AcceptorTest, WithoutDescriptorsItClosesTellsAndComesBack) {
  Start(1000);
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
  std::vector<RawConnection> peers;
  const std::size_t open = OpenDescriptors();
  for (int i = 0; i < 3; ++i) {
    // It closes one with a descriptor that it keeps for that, and then has that again.
    ASSERT_TRUE(Eventually([&] { return OpenDescriptors() == open + peers.size(); }));
    // Both ends are in this process: one descriptor for the next peer, none to accept it with.
    const int next = dup(0);
    close(next);
    rlimit low = old;
    low.rlim_cur = static_cast<rlim_t>(next) + 1;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
    const std::uint64_t errors = acceptor_->Figures().errors;
    peers.emplace_back(address_);
    EXPECT_TRUE(Eventually([&] { return acceptor_->Figures().errors > errors; }));
    EXPECT_NE(peers.back().WaitForEnd(), Ending::kNone);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
  }
  EXPECT_THAT(acceptor_->Figures().last_error, ::testing::HasSubstr("Too many open files"));
  EXPECT_GE(errors_, 3);
  peers.emplace_back(address_);
  EXPECT_TRUE(Eventually([&] { return keeper_.size() != 0; }));
  EXPECT_FALSE(acceptor_->Figures().failing_since);
}

}  // namespace
}  // namespace liveness::net
