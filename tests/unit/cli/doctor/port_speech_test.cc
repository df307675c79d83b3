#include "client/cli/doctor/port_speech.h"

#include <gtest/gtest.h>

#include <string>

namespace liveness::cli::doctor {
namespace {

using Kind = PortSpeech::Kind;
using namespace std::string_literals;

TEST(PortSpeech, KnowsHttp2ByItsSettings) {
  const std::string settings = "\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64"s;
  EXPECT_EQ(Identify(settings, false).kind, Kind::kHttp2);
  EXPECT_EQ(Identify(settings, true).kind, Kind::kHttp2);
  EXPECT_EQ(Identify("\0\0\0\x04\0\0\0\0\0"s, false).kind, Kind::kHttp2) << "settings of nothing";
}

TEST(PortSpeech, AFrameThatIsNoSettingsIsNoHttp2) {
  EXPECT_EQ(Identify("\0\0\x06\x07\0\0\0\0\0"s, false).kind, Kind::kOther) << "another type";
  EXPECT_EQ(Identify("\0\0\x05\x04\0\0\0\0\0"s, false).kind, Kind::kOther) << "no sixes of bytes";
  EXPECT_EQ(Identify("\0\0\x06\x04\0\0\0\0\x01"s, false).kind, Kind::kOther) << "on a stream";
}

TEST(PortSpeech, KnowsTlsByItsAlert) {
  EXPECT_EQ(Identify("\x15\x03\x03\0\x02\x02\x46"s, true).kind, Kind::kTls);
  EXPECT_EQ(Identify("\x16\x03\x01"s, false).kind, Kind::kTls);
  EXPECT_EQ(Identify("\x15\x01\x03"s, false).kind, Kind::kOther);
}

TEST(PortSpeech, ShowsTheFirstLineOfWhatItKnows) {
  const PortSpeech http = Identify("HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n", true);
  EXPECT_EQ(http.kind, Kind::kHttp1);
  EXPECT_EQ(http.text, "HTTP/1.1 400 Bad Request");
  const PortSpeech ssh = Identify("SSH-2.0-OpenSSH_9.2p1\r\n", false);
  EXPECT_EQ(ssh.kind, Kind::kOther);
  EXPECT_EQ(ssh.text, "SSH-2.0-OpenSSH_9.2p1");
}

TEST(PortSpeech, ShowsNothingThatATerminalObeysAndNoMoreThanALine) {
  EXPECT_EQ(Identify("\x1b[31mred", false).text, "\\x1b[31mred");
  EXPECT_EQ(Identify(std::string(500, 'x'), false).text, std::string(60, 'x') + "...");
}

TEST(PortSpeech, TellsSilenceFromAClose) {
  EXPECT_EQ(Identify("", false).kind, Kind::kSilent);
  EXPECT_EQ(Identify("", true).kind, Kind::kClosed);
}

TEST(PortSpeech, ReadsOnUntilItKnows) {
  EXPECT_TRUE(NeedsMore(""));
  EXPECT_TRUE(NeedsMore("\0\0\x06\x04\0"s));
  EXPECT_FALSE(NeedsMore("\0\0\x06\x04\0\0\0\0\0"s));
  EXPECT_FALSE(NeedsMore("\x15\x03\x03"s));
  EXPECT_TRUE(NeedsMore("HTTP/1.1 400 Bad"));
  EXPECT_FALSE(NeedsMore("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_FALSE(NeedsMore(std::string(1024, 'x'))) << "a line that does not end";
}

TEST(PortSpeech, ThePrefaceEndsWithSettings) {
  EXPECT_EQ(Http2Preface().size(), 33U);
  EXPECT_EQ(Identify(Http2Preface().substr(24), false).kind, Kind::kHttp2);
}

}  // namespace
}  // namespace liveness::cli::doctor
