#include "server/auth/audit/audit_log.h"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "server/auth/audit/audit_fields.h"
#include "server/auth/audit/audited_act.h"
#include "server/core/filter/filter.h"
#include "tests/support/manual_clock.h"

namespace liveness::auth {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;

class AuditLogTest : public ::testing::Test {
 protected:
  struct Line {
    std::uint64_t number, count, left_out;
    bool operator==(const Line&) const = default;
  };

  AuditLogTest() {
    log_->WriteTo([this](const AuditEventPtr& event, std::uint64_t left_out) {
      lines_.push_back({event->number, event->count, left_out});
    });
  }
  void Refuse(const std::string& address, const std::string& target = {}) {
    log_->Note({.address = address,
                .action = "view",
                .target = target,
                .outcome = AuditOutcome::kRefused,
                .reason = "NOT_AUTHENTICATED"});
  }
  // The only entry.
  AuditEvent Only() const {
    const auto all = log_->Read();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? AuditEvent() : *all.front();
  }
  std::uint64_t Noted(AuditOutcome outcome) const {
    return log_->figures().noted[static_cast<std::size_t>(outcome)];
  }

  testing::ManualClock clock_;
  const std::shared_ptr<AuditLog> log_ = std::make_shared<AuditLog>(clock_, 1000);
  std::vector<Line> lines_;
};

TEST_F(AuditLogTest, ARepeatedRefusalIsALineWhenItsCountHasDoubled) {
  for (int i = 0; i < 20; ++i) Refuse("10.0.0.1");
  EXPECT_THAT(lines_,
              ElementsAre(Line{1, 1, 0}, Line{1, 2, 0}, Line{1, 4, 0}, Line{1, 8, 0}, Line{1, 16, 0}));
  EXPECT_EQ(Noted(AuditOutcome::kRefused), 20U);
  EXPECT_EQ(log_->figures().folded, 19U);
  EXPECT_EQ(log_->figures().kept, 1U);
}

TEST_F(AuditLogTest, OneStrangersLinesArePacedAndTheRestCounted) {
  for (int i = 0; i < 1000; ++i) Refuse("10.0.0.1", std::to_string(i));
  EXPECT_EQ(lines_.size(), static_cast<std::size_t>(AuditLog::kLinesBurst));
  EXPECT_EQ(log_->figures().unwritten, 1000U - AuditLog::kLinesBurst);
  Refuse("10.0.0.2");
  EXPECT_EQ(lines_.back().left_out, 1000U - AuditLog::kLinesBurst) << "the next line tells of them";
  clock_.Advance(seconds(1));
  Refuse("10.0.0.1", "later");
  EXPECT_EQ(lines_.back().left_out, 0U);
}

TEST_F(AuditLogTest, AllStrangersTogetherArePacedToo) {
  const auto flood = [this](int hour) {
    for (int i = 0; i < 20'000; ++i) {
      Refuse("10." + std::to_string(hour) + "." + std::to_string(i >> 8) + "." + std::to_string(i & 255));
    }
  };
  flood(1);
  EXPECT_EQ(lines_.size(), 1000U);
  clock_.Advance(seconds(10));
  flood(2);
  EXPECT_EQ(lines_.size(), 1000U + 10 * AuditLog::kLinesOfStrangers);
  // Whoever has a name is not held back by who has none.
  log_->Note({.principal = "dns:a", .action = "evict", .outcome = AuditOutcome::kRefused});
  EXPECT_EQ(lines_.size(), 1001U + 10 * AuditLog::kLinesOfStrangers);
}

TEST_F(AuditLogTest, ActsAreLinesAlways) {
  for (int i = 0; i < 500; ++i) {
    log_->Note({.principal = "token:ops", .action = "evict", .outcome = AuditOutcome::kAllowed});
  }
  EXPECT_EQ(lines_.size(), 500U);
}

// --- Acts ---

TEST_F(AuditLogTest, AnActIsNotedWithWhatCameOfIt) {
  {
    AuditedAct act(log_, {.principal = "token:ops", .address = "10.0.0.7"}, Action::kEvict, "web-1");
    EXPECT_TRUE(log_->Read().empty());
    act.Done("evicted", 42);
    act.Failed(absl::InternalError("too late"));
  }
  const AuditEvent event = Only();
  EXPECT_EQ(event.principal, "token:ops");
  EXPECT_EQ(event.address, "10.0.0.7");
  EXPECT_EQ(event.action, "evict");
  EXPECT_EQ(event.target, "web-1");
  EXPECT_EQ(event.outcome, AuditOutcome::kAllowed);
  EXPECT_EQ(event.message, "evicted");
  EXPECT_EQ(event.reason, "");
  EXPECT_EQ(event.revision, 42U);
  EXPECT_EQ(event.time, clock_.Wall());
}

TEST_F(AuditLogTest, AFailureHasItsReason) {
  AuditedAct(log_, {}, Action::kEvict, "x")
      .Failed(common::Error(absl::StatusCode::kNotFound, "CLIENT_NOT_FOUND", "no client x is known"));
  EXPECT_EQ(Only().outcome, AuditOutcome::kFailed);
  EXPECT_EQ(Only().reason, "CLIENT_NOT_FOUND");
  EXPECT_EQ(Only().message, "no client x is known");
}

TEST_F(AuditLogTest, AFailureWithoutAReasonHasItsCode) {
  AuditedAct(log_, {}, Action::kEvict, "x").Failed(absl::UnavailableError("gone"));
  EXPECT_EQ(Only().reason, "UNAVAILABLE");
}

TEST_F(AuditLogTest, WhatWasDoneInPartIsTold) {
  AuditedAct act(log_, {}, Action::kMaintenance, "all");
  act.SoFar("3 clients were marked", 17);
  act.Failed(common::Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE", "the disk is full"));
  EXPECT_EQ(Only().message, "3 clients were marked; the disk is full");
  EXPECT_EQ(Only().revision, 17U);
}

// Who gives up the call, or asks a server that stops, leaves a trace all the same.
TEST_F(AuditLogTest, AnActOfWhichNothingWasToldIsNoted) {
  { const AuditedAct act(log_, {.principal = "token:ops"}, Action::kEvict, "web-1"); }
  EXPECT_EQ(Only().outcome, AuditOutcome::kFailed);
  EXPECT_EQ(Only().reason, "NO_OUTCOME");
}

// --- Filters ---

TEST_F(AuditLogTest, FiltersAskOfAllFields) {
  AuditedAct(log_, {.principal = "token:ops", .address = "10.0.0.7"}, Action::kEvict, "web-1")
      .Done("evicted", 42);
  const AuditEvent event = Only();
  const auto matches = [&](const std::string& text) {
    const auto filter = core::Filter::Parse(text, AuditSchema());
    EXPECT_TRUE(filter.ok()) << text << ": " << filter.status();
    return filter.ok() && filter->Matches(AuditFields(event, clock_.Wall() + seconds(90)));
  };
  for (const char* yes :
       {"principal = \"token:*\"", "outcome = ALLOWED", "outcome = AUDIT_OUTCOME_ALLOWED", "action = evict",
        "target = web-1", "address = \"10.0.0.7\"", "revision = 42", "number = 1", "count = 1", "age > 1m",
        "NOT reason:*", "time > \"2001-01-31T12:00:00Z\""}) {
    EXPECT_TRUE(matches(yes)) << yes;
  }
  for (const char* no : {"principal = \"dns:*\"", "outcome = REFUSED", "action = drain", "age > 2m",
                         "revision > 42", "time < \"2001-01-31T12:00:00Z\""}) {
    EXPECT_FALSE(matches(no)) << no;
  }
  EXPECT_FALSE(core::Filter::Parse("client_id = x", AuditSchema()).ok());
  EXPECT_FALSE(core::Filter::Parse("labels.x = y", AuditSchema()).ok());
}

}  // namespace
}  // namespace liveness::auth
