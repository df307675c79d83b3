#include "client/cli/print/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace liveness::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr common::WallTime kNow{std::chrono::seconds(1'700'000'000)};

TEST(DescribeTest, SaysHowLongAndUntilWhen) {
  v1::Client client;
  client.set_client_id("web-1");
  client.set_state(v1::STATE_ALIVE);
  client.mutable_state_time()->set_seconds(1'700'000'000 - 60);
  client.mutable_deadline_time()->set_seconds(1'700'000'000 + 2);
  client.mutable_last_heartbeat_time()->set_seconds(1'700'000'000 - 1);
  const std::string text = Describe(client, kNow, false);
  EXPECT_THAT(text, HasSubstr("Name:               web-1\n"));
  EXPECT_THAT(text, HasSubstr("State:              ALIVE for 60s\n"));
  EXPECT_THAT(text, HasSubstr("Deadline:           2023-11-14T22:13:22.000Z (in 2s)\n"));
  EXPECT_THAT(text, HasSubstr("(1s ago)\n"));
  EXPECT_THAT(text, Not(HasSubstr("Evidence")));
}

TEST(DescribeTest, GivesTheEvidence) {
  v1::Client client;
  client.set_state(v1::STATE_DEAD);
  v1::Evidence& evidence = *client.mutable_evidence();
  evidence.set_summary("its kernel closed the connection");
  evidence.mutable_stream()->set_end(v1::STREAM_END_CONNECTION_CLOSED);
  evidence.mutable_goodbye()->set_signal(11);
  const std::string text = Describe(client, kNow, false);
  EXPECT_THAT(text, HasSubstr("  Verdict:          its kernel closed the connection\n"));
  EXPECT_THAT(text, HasSubstr("CONNECTION_CLOSED\n"));
  EXPECT_THAT(text, HasSubstr("signal 11\n"));
}

TEST(DescribeTest, TellsAMaintenance) {
  v1::Client client;
  client.set_state(v1::STATE_ALIVE);
  EXPECT_THAT(Describe(client, kNow, false), Not(HasSubstr("Maintenance")));
  v1::Maintenance& maintenance = *client.mutable_maintenance();
  maintenance.mutable_end_time()->set_seconds(1'700'000'000 + 60);
  maintenance.set_reason("new disks");
  maintenance.set_author("10.0.0.1");
  EXPECT_THAT(Describe(client, kNow, false),
              HasSubstr("Maintenance:        until 2023-11-14T22:14:20.000Z (in 60s)\n"
                        "  Set by:           10.0.0.1\n"
                        "  Reason:           new disks\n"));
  maintenance.clear_end_time();
  EXPECT_THAT(Describe(client, kNow, false), HasSubstr("Maintenance:        until it is cleared\n"));
}

TEST(DescribeTest, SaysWhoseEndTheKeepaliveIsOf) {
  v1::Client client;
  client.mutable_keepalive()->set_tcp_count(3);
  EXPECT_THAT(Describe(client, kNow, false), HasSubstr("Keepalive in force at the server's end:\n"));
}

TEST(DescribeTest, SaysHowItsSilenceIsJudged) {
  v1::Client client;
  client.set_state(v1::STATE_ALIVE);
  client.mutable_detection()->set_method(v1::DETECTION_METHOD_FIXED);
  EXPECT_THAT(Describe(client, kNow, false), HasSubstr("Detection:          fixed\n"));
  client.mutable_detection()->set_method(v1::DETECTION_METHOD_ACCRUAL);
  client.mutable_detection()->set_threshold(8);
  client.set_suspicion_level(0.31);
  EXPECT_THAT(Describe(client, kNow, false),
              HasSubstr("Detection:          accrual, overdue at level 8, now at 0.3\n"));
  client.set_state(v1::STATE_DEAD);
  EXPECT_THAT(Describe(client, kNow, false), HasSubstr("overdue at level 8\n"));
}

TEST(DescribeTest, ProgressThatTheEvidenceTellsIsNotToldTwice) {
  v1::Client client;
  client.add_progress()->set_name("consumer");
  EXPECT_THAT(Describe(client, kNow, false), HasSubstr("\nProgress:           consumer: 0s old"));
  *client.mutable_evidence()->add_progress() = client.progress(0);
  EXPECT_THAT(Describe(client, kNow, false), Not(HasSubstr("\nProgress:")));
  client.mutable_progress(0)->mutable_age()->set_seconds(1);
  EXPECT_THAT(Describe(client, kNow, false), HasSubstr("\nProgress:           consumer: 1s old"));
}

TEST(DescribeTest, GivesTheKeepaliveInForce) {
  v1::Keepalive keepalive;
  keepalive.set_tcp_enabled(true);
  keepalive.mutable_tcp_idle()->set_seconds(30);
  keepalive.mutable_tcp_interval()->set_seconds(3);
  keepalive.set_tcp_count(3);
  keepalive.mutable_tcp_user_timeout()->set_seconds(39);
  keepalive.mutable_http2_time()->set_seconds(30);
  keepalive.mutable_http2_timeout()->set_seconds(10);
  EXPECT_EQ(DescribeKeepalive(keepalive),
            "  Kernel TCP:       idle 30s, interval 3s, count 3, user timeout 39s\n"
            "  HTTP/2:           time 30s, timeout 10s\n");
  keepalive.set_tcp_enabled(false);
  EXPECT_THAT(DescribeKeepalive(keepalive), HasSubstr("Kernel TCP:       off\n"));
}

TEST(DescribeTest, AStrangersTextCannotReachTheTerminal) {
  v1::Client client;
  client.set_host("\x1b[2J");
  (*client.mutable_labels())["k\n"] = "\x1b";
  const std::string text = Describe(client, kNow, false);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("k\\x0a=\\x1b"));
}

}  // namespace
}  // namespace liveness::cli
