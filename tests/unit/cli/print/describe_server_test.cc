#include "client/cli/print/describe_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr common::WallTime kNow{std::chrono::seconds(1'700'000'000)};

v1::Incident* AddIncident(v1::ServerInfo& info, v1::IncidentKind kind, std::int64_t ago,
                          std::int64_t length) {
  v1::Incident* incident = info.add_incidents();
  incident->set_kind(kind);
  incident->mutable_start_time()->set_seconds(1'700'000'000 - ago);
  incident->mutable_length()->set_seconds(length);
  incident->mutable_end_time()->set_seconds(1'700'000'000 - ago + length);
  return incident;
}

TEST(DescribeServerTest, SaysWhyItIsNotReady) {
  v1::ServerInfo info;
  auto& reason = *info.add_not_ready();
  reason.set_reason("STORE_UNAVAILABLE");
  reason.set_message("disk full");
  EXPECT_THAT(DescribeServer(info, "a:1", kNow, false), HasSubstr("STORE_UNAVAILABLE: disk full\n"));
  info.Clear();
  info.set_ready(true);
  EXPECT_THAT(DescribeServer(info, "a:1", kNow, false), ContainsRegex("Ready: +yes\nCanary"));
}

TEST(DescribeServerTest, ShowsTheLatestIncidentsNewestFirst) {
  v1::ServerInfo info;
  for (int i = 0; i < 12; ++i) AddIncident(info, v1::INCIDENT_KIND_STARTED, 9'000 - i, 0);
  AddIncident(info, v1::INCIDENT_KIND_STORE_OUTAGE, 120, 12)->set_message("disk \x1b[31mfull");
  AddIncident(info, v1::INCIDENT_KIND_DRAIN, 30, 0)->clear_end_time();
  AddIncident(info, static_cast<v1::IncidentKind>(99), 1, 0);
  const std::string text = DescribeServer(info, "a:1", kNow, false);
  EXPECT_THAT(text,
              ContainsRegex("Incidents:\n  99 [^\n]*\n  DRAIN [^\n]*30s ago\\), goes on\n  STORE_OUTAGE "
                            "[^\n]*, for 12s: disk "));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("and 5 older ones"));
  EXPECT_THAT(DescribeServer(info, "a:1", kNow, true), Not(HasSubstr("older ones")));
}

TEST(DescribeServerTest, ShowsCertificates) {
  v1::ServerInfo info;
  auto& certificate = *info.add_certificates();
  certificate.set_file("/etc/tls/cert.pem");
  certificate.set_subject("CN=a");
  certificate.add_names("DNS:a");
  certificate.add_names("IP:10.0.0.1");
  certificate.mutable_not_after()->set_seconds(1'700'000'000 + 86'400);
  EXPECT_THAT(DescribeServer(info, "a:1", kNow, false),
              ContainsRegex(
                  "File: +/etc/tls/cert.pem\n +Subject: +CN=a\n +Names: +DNS:a, IP:10.0.0.1\n +Valid until"));
  certificate.mutable_not_after()->set_seconds(1'700'000'000 - 60);
  EXPECT_THAT(DescribeServer(info, "a:1", kNow, false), HasSubstr("EXPIRED"));
}

TEST(DescribeServerTest, SaysOfEachHookHowItDoes) {
  v1::ServerInfo info;
  EXPECT_THAT(DescribeServer(info, "a:1", kNow, false), Not(HasSubstr("Hooks:")));
  auto& good = *info.add_hooks();
  good.set_name("chat");
  good.set_receiver("https://chat.example.com/***");
  good.set_leader(true);
  good.set_taken_count(7);
  good.set_silenced_count(2);
  auto& bad = *info.add_hooks();
  bad.set_name("pager");
  bad.set_receiver("/usr/bin/page");
  bad.set_leader(true);
  bad.set_behind_count(31);
  bad.mutable_oldest_event_time()->set_seconds(1'700'000'000 - 60);
  bad.set_failure_count(3);
  bad.set_last_error("exit code 1: \x1b[31mno");
  bad.mutable_next_attempt_time()->set_seconds(1'700'000'000 + 4);
  auto& other = *info.add_hooks();
  other.set_name("other");
  other.set_receiver("/bin/x");
  const std::string text = DescribeServer(info, "a:1", kNow, false);
  EXPECT_THAT(
      text, ContainsRegex("chat: +https://chat.example.com/\\*\\*\\*: up to date, 7 events taken, 2 silent"));
  EXPECT_THAT(text,
              ContainsRegex(
                  "pager: +/usr/bin/page: FAILS, 0 events taken, 31 behind\n +Waits since: [^\n]*60s[^\n]*\n"
                  " +Failed: +3 times, the last: exit code 1"));
  EXPECT_THAT(text, ContainsRegex("other: +/bin/x: another server sends"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace liveness::cli
