#include "client/cli/print/last_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace liveness::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr common::WallTime kNow{std::chrono::seconds(1'700'000'000)};

v1::Client Dead() {
  v1::Client client;
  client.set_client_id("web-1");
  client.set_state(v1::STATE_DEAD);
  client.set_cause(v1::CAUSE_PROCESS_EXITED);
  client.mutable_state_time()->set_seconds(1'700'000'000 - 180);
  client.mutable_last_heartbeat_time()->set_seconds(1'700'000'000 - 181);
  return client;
}

TEST(LastWordsTest, TheWillAndTheLastMinute) {
  v1::Client client = Dead();
  client.mutable_evidence()->set_summary("its kernel closed the connection");
  v1::LastWords& words = *client.mutable_evidence()->mutable_last_words();
  words.set_will("page the db team");
  v1::Note& note = *words.add_notes();
  note.mutable_time()->set_seconds(1'700'000'000 - 190);
  note.mutable_rtt()->set_nanos(340'000);
  note.mutable_load()->set_cpu_usage(1.25);
  note.mutable_load()->set_memory_bytes(48 << 20);
  note.mutable_load()->mutable_scheduling_delay()->set_nanos(2'000'000);
  for (const int age : {1, 9}) {
    v1::Progress& progress = *note.add_progress();
    progress.set_name(age == 1 ? "mailer" : "consumer");
    progress.mutable_age()->set_seconds(age);
    progress.mutable_deadline()->set_seconds(5);
  }
  words.add_notes()->mutable_time()->set_seconds(1'700'000'000 - 185);
  EXPECT_EQ(DescribeLastWords(client, kNow, {}),
            "Name:               web-1\n"
            "Died:               2023-11-14T22:10:20.000Z (3m ago)\n"
            "Cause:              PROCESS_EXITED\n"
            "Verdict:            its kernel closed the connection\n"
            "Last heard:         2023-11-14T22:10:19.000Z (3m1s ago)\n"
            "Last will:          page the db team\n"
            "\n"
            "TIME                       RTT      CPU      MEMORY   DELAY    PROGRESS\n"
            "2023-11-14T22:10:10.000Z   340us    125%     48 MiB   2ms      mailer 1s, consumer 9s STALE\n"
            "2023-11-14T22:10:15.000Z   <none>   <none>   <none>   <none>   <none>\n");
  EXPECT_THAT(DescribeLastWords(client, kNow, {.headers = false}), Not(HasSubstr("MEMORY")));
}

TEST(LastWordsTest, AWillAlone) {
  v1::Client client = Dead();
  client.mutable_evidence()->mutable_last_words()->set_will("bye");
  EXPECT_THAT(DescribeLastWords(client, kNow, {}), EndsWith("Last will:          bye\n"));
}

TEST(LastWordsTest, WhyThereAreNone) {
  v1::Client client = Dead();
  EXPECT_EQ(DescribeLastWords(client, kNow, {}),
            "No last words of web-1: it left no will and lived too short for a note.\n");
  client.mutable_evidence()->mutable_goodbye()->set_exit_code(3);
  EXPECT_EQ(DescribeLastWords(client, kNow, {}),
            "No last words of web-1: it told of its end itself, see livenessctl get web-1\n");
  client.set_state(v1::STATE_ALIVE);
  EXPECT_THAT(DescribeLastWords(client, kNow, {}), StartsWith("No last words of web-1: it is ALIVE. "));
}

}  // namespace
}  // namespace liveness::cli
