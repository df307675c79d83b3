#include "server/net/connection_table.h"

#include <gtest/gtest.h>

#include <map>

namespace liveness::net {
namespace {

// The kernel's sockets, by descriptor.
struct Kernel {
  std::map<int, std::uint64_t> cookies;
  int looks = 0;

  ConnectionTable NewTable() {
    return ConnectionTable([this](int fd) -> std::optional<std::uint64_t> {
      ++looks;
      const auto found = cookies.find(fd);
      return found == cookies.end() ? std::nullopt : std::optional(found->second);
    });
  }
};

TEST(ConnectionTable, ForgetsWhatIsClosedOrAnother) {
  Kernel kernel{{{5, 50}, {6, 60}, {7, 70}}};
  ConnectionTable table = kernel.NewTable();
  for (const int fd : {5, 6, 7}) table.Add(fd, false);
  table.Sweep(100);
  EXPECT_EQ(table.size(), 3U);
  kernel.cookies.erase(5);
  kernel.cookies[6] = 61;  // another file has the number by now
  table.Sweep(100);
  EXPECT_EQ(table.size(), 1U);
}

TEST(ConnectionTable, ANewOneOnAKnownNumberTakesThePlace) {
  Kernel kernel{{{5, 50}}};
  ConnectionTable table = kernel.NewTable();
  table.Add(5, false);
  kernel.cookies[5] = 51;
  table.Add(5, false);
  EXPECT_EQ(table.size(), 1U);
  table.Sweep(1);
  EXPECT_EQ(table.size(), 1U);
}

TEST(ConnectionTable, CountsOwnOnesApart) {
  Kernel kernel{{{5, 50}, {6, 60}}};
  ConnectionTable table = kernel.NewTable();
  table.Add(5, true);
  table.Add(6, false);
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(table.own(), 1U);
  kernel.cookies.erase(5);
  table.Sweep(100);
  EXPECT_EQ(table.own(), 0U);
  EXPECT_EQ(table.size(), 1U);
}

TEST(ConnectionTable, ASliceLooksAtNoMoreAndComesToAll) {
  Kernel kernel;
  for (int fd = 10; fd < 1010; ++fd) kernel.cookies[fd] = static_cast<std::uint64_t>(fd);
  ConnectionTable table = kernel.NewTable();
  for (int fd = 10; fd < 1010; ++fd) table.Add(fd, false);
  kernel.cookies.clear();
  kernel.looks = 0;
  for (std::size_t swept = 100; swept <= 1000; swept += 100) {
    table.Sweep(100);
    EXPECT_EQ(kernel.looks, static_cast<int>(swept));
    EXPECT_EQ(table.size(), 1000 - swept);
  }
}

TEST(ConnectionTable, ASocketThatIsGoneBeforeItIsKnownIsNotCounted) {
  Kernel kernel;
  ConnectionTable table = kernel.NewTable();
  table.Add(9, false);
  EXPECT_EQ(table.size(), 0U);
}

}  // namespace
}  // namespace liveness::net
