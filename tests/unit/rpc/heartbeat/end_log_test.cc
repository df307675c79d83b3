#include "server/rpc/heartbeat/end_log.h"

#include <memory>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "tests/support/manual_clock.h"

namespace liveness::rpc {
namespace {

class EndLogTest : public ::testing::Test {
 protected:
  EndLogTest() : before_(spdlog::default_logger()) {
    auto logger =
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(text_));
    spdlog::set_default_logger(logger);
  }
  ~EndLogTest() override { spdlog::set_default_logger(before_); }
  int LinesWith(const std::string& what) const {
    int count = 0;
    const std::string all = text_.str();
    for (std::size_t at = all.find(what); at != std::string::npos; at = all.find(what, at + 1)) ++count;
    return count;
  }

  std::ostringstream text_;
  const std::shared_ptr<spdlog::logger> before_;
  testing::ManualClock clock_;
  EndLog log_{clock_, 20};
};

TEST_F(EndLogTest, WhoIsLoudDoesNotHideOthers) {
  for (int port = 1; port <= 1'000; ++port) {
    log_.Write("BAD_HELLO", "", "10.0.0.1:" + std::to_string(port), "x");
    log_.Write("BAD_HELLO", "", "[2001:db8::" + std::to_string(port) + "]:1", "x");
  }
  EXPECT_EQ(LinesWith("at 10.0.0.1:"), 10);
  EXPECT_EQ(LinesWith("2001:db8"), 10) << "a /64 is one";
  clock_.Advance(std::chrono::seconds(1));
  for (int port = 1; port <= 1'000; ++port) log_.Write("BAD_HELLO", "", "10.0.0.1:1", "x");
  log_.Write("BAD_HELLO", "victim", "10.0.0.2:1", "x");
  EXPECT_EQ(LinesWith("client victim at 10.0.0.2:1"), 1);
  EXPECT_EQ(log_.counts().at("BAD_HELLO"), 3'001U) << "all are counted";
  EXPECT_EQ(log_.left_out(), 3'001U - 10 - 10 - 10 - 1);
}

TEST_F(EndLogTest, WhereAllAreWantedAllAreWritten) {
  EndLog all(clock_, 0);
  for (int port = 1; port <= 100; ++port) all.Write("BAD_HELLO", "", "10.0.0.1:1", "x");
  EXPECT_EQ(LinesWith("at 10.0.0.1:"), 100);
  EXPECT_EQ(all.left_out(), 0U);
}

}  // namespace
}  // namespace liveness::rpc
