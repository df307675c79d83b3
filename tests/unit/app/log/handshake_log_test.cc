#include "server/app/log/handshake_log.h"

#include <gtest/gtest.h>

#include <memory>
#include <sstream>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "tests/support/manual_clock.h"

namespace liveness::app {
namespace {

TEST(HandshakeLogTest, KnowsGrpcsLineOfARefusal) {
  constexpr char kFile[] = "./src/core/tsi/ssl_transport_security.cc";
  EXPECT_EQ(HandshakeFailure(kFile,
                             "Handshake failed with fatal error SSL_ERROR_SSL: error:0A0000C7:SSL "
                             "routines::peer did not return a certificate."),
            "peer did not return a certificate");
  EXPECT_EQ(HandshakeFailure(kFile, "Handshake failed with fatal error SSL_ERROR_SYSCALL: x\n"),
            "SSL_ERROR_SYSCALL: x\\n");
  EXPECT_EQ(HandshakeFailure(kFile, "Using new server certificate config"), std::nullopt);
  EXPECT_EQ(HandshakeFailure("./src/core/lib/other.cc", "Handshake failed with fatal error x"), std::nullopt);
}

TEST(HandshakeLogTest, WhoFloodsUsDoesNotFloodTheLog) {
  std::ostringstream out;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(out)));
  testing::ManualClock clock;
  HandshakeLog log(clock);
  for (int i = 0; i < 1'000; ++i) log.Write("unsupported protocol");
  clock.Advance(std::chrono::seconds(1));
  log.Write("unsupported protocol");
  spdlog::set_default_logger(before);
  int lines = 0;
  for (const char c : out.str()) lines += c == '\n';
  EXPECT_EQ(lines, HandshakeLog::kLinesPerSecond + 2);
  EXPECT_NE(out.str().find("990 more refused handshakes"), std::string::npos) << out.str();
}

}  // namespace
}  // namespace liveness::app
