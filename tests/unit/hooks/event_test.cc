#include "server/hooks/event.h"

#include <utility>

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "common/clock.h"

namespace liveness::hooks {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

core::Transition Died(const std::string& id, std::uint64_t revision) {
  core::ClientInfo info;
  info.client_id = id;
  info.labels = {{"odd.key-1", "v"}, {"team", "shop"}};
  core::ClientRecord before, after;
  before.info = after.info = core::PackedInfo(info);
  before.state = core::State::kSuspect;
  after.state = core::State::kDead;
  after.cause = core::Cause::kProcessExited;
  after.incarnation = 5;
  after.revision = revision;
  core::Transition transition;
  transition.before = std::make_shared<const core::ClientRecord>(before);
  transition.after = std::make_shared<const core::ClientRecord>(after);
  transition.time = common::WallTime(std::chrono::milliseconds(1'700'000'000'250));
  return transition;
}

google::protobuf::Struct Parsed(const std::string& json) {
  google::protobuf::Struct parsed;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &parsed).ok()) << json;
  return parsed;
}

std::string Text(const google::protobuf::Struct& object, const std::string& field) {
  const auto found = object.fields().find(field);
  return found == object.fields().end() ? "(missing)" : found->second.string_value();
}

TEST(Event, ATransitionIsAStructuredCloudEvent) {
  const EventPtr event = TransitionEvent("h1", Died("web-1", 42));
  const auto body = Parsed(event->body);
  EXPECT_EQ(Text(body, "specversion"), "1.0");
  EXPECT_EQ(Text(body, "id"), event->id);
  EXPECT_THAT(event->id, StartsWith("h1-42-"));
  EXPECT_EQ(Text(body, "type"), "liveness.v1.Transition");
  EXPECT_EQ(Text(body, "source"), "/liveness/h1");
  EXPECT_EQ(Text(body, "subject"), "clients/web-1/DEAD/PROCESS_EXITED");
  EXPECT_EQ(Text(body, "time"), "2023-11-14T22:13:20.250Z");
  EXPECT_EQ(Text(body, "datacontenttype"), "application/json");
  const auto& data = body.fields().at("data").struct_value();
  EXPECT_EQ(Text(data, "revision"), "42");
  EXPECT_EQ(Text(data, "to_state"), "STATE_DEAD");
  EXPECT_EQ(Text(data.fields().at("client").struct_value(), "client_id"), "web-1");
}

TEST(Event, ItsIdIsOfTheClientAndTheRevisionAlone) {
  EXPECT_EQ(TransitionEvent("h1", Died("a", 7))->id, TransitionEvent("h1", Died("a", 7))->id);
  EXPECT_NE(TransitionEvent("h1", Died("a", 7))->id, TransitionEvent("h1", Died("b", 7))->id);
  EXPECT_NE(TransitionEvent("h1", Died("a", 7))->id, TransitionEvent("h1", Died("a", 8))->id);
  EXPECT_NE(TransitionEvent("h1", Died("a", 7))->id, TransitionEvent("h2", Died("a", 7))->id);
  // A client that has a scope's name.
  EXPECT_NE(TransitionEvent("h1", Died("everyone", 7))->id,
            GroupEvent("h1", {.scope = "everyone", .revision = 7})->id);
}

TEST(Event, TheSubjectHoldsOneSegmentOfTheId) {
  EXPECT_EQ(TransitionEvent("h", Died("a/b c\"\xc3\xa9", 1))->subject,
            "clients/a%2Fb%20c%22%C3%A9/DEAD/PROCESS_EXITED");
  EXPECT_EQ(Text(Parsed(TransitionEvent("h", Died("a\"\\b", 1))->body), "subject"),
            "clients/a%22%5Cb/DEAD/PROCESS_EXITED");
}

TEST(Event, WithoutACauseTheSubjectEndsWithTheState) {
  core::Transition transition = Died("web-1", 1);
  auto alive = std::make_shared<core::ClientRecord>(*transition.after);
  alive->state = core::State::kAlive;
  alive->cause = core::Cause::kUnspecified;
  transition.after = alive;
  transition.before = nullptr;
  const EventPtr event = TransitionEvent("h", transition);
  EXPECT_EQ(event->subject, "clients/web-1/ALIVE");
  EXPECT_THAT(event->environment, Contains("LIVENESS_CAUSE="));
  EXPECT_THAT(event->environment, Contains("LIVENESS_FROM_STATE="));
}

TEST(Event, ACommandFindsTheFieldsInItsEnvironment) {
  const EventPtr event = TransitionEvent("h1", Died("web-1", 42));
  EXPECT_EQ(event->environment.front(), "LIVENESS_EVENT=transition");
  for (const char* each : {"LIVENESS_CLIENT_ID=web-1", "LIVENESS_FROM_STATE=SUSPECT", "LIVENESS_STATE=DEAD",
                           "LIVENESS_HEALTH=OK", "LIVENESS_CAUSE=PROCESS_EXITED", "LIVENESS_INCARNATION=5",
                           "LIVENESS_REVISION=42", "LIVENESS_TIME=2023-11-14T22:13:20.250Z",
                           "LIVENESS_LABEL_team=shop", "LIVENESS_LABEL_odd_key_1=v"}) {
    EXPECT_THAT(event->environment, Contains(each));
  }
  EXPECT_THAT(event->environment, Contains("LIVENESS_EVENT_ID=" + event->id));
}

TEST(Event, AGroupAndAGap) {
  const EventPtr group =
      GroupEvent("h1", {.scope = "label zone=eu 1", .affected = 3, .members = 4, .revision = 9});
  EXPECT_EQ(group->type, "liveness.v1.GroupEvent");
  EXPECT_EQ(group->subject, "groups/label%20zone=eu%201");
  EXPECT_EQ(Text(Parsed(group->body).fields().at("data").struct_value(), "affected_count"), "3");
  const EventPtr gap = GapEvent("h1", 10, 20);
  EXPECT_EQ(gap->type, "liveness.v1.Gap");
  EXPECT_EQ(gap->id, "h1-20-gap");
  EXPECT_EQ(gap->subject, "history");
  EXPECT_EQ(Text(Parsed(gap->body), "time"), "(missing)");
  EXPECT_EQ(Text(Parsed(gap->body).fields().at("data").struct_value(), "resumes_at_revision"), "20");
}

}  // namespace
}  // namespace liveness::hooks
