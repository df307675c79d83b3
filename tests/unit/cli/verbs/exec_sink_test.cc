#include "client/cli/verbs/exec_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace liveness::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsSubsetOf;
using ::testing::Not;
using ::testing::Pair;

v1::Transition Death() {
  v1::Transition transition;
  transition.set_client_id("web-1");
  transition.set_from_state(v1::STATE_SUSPECT);
  transition.set_to_state(v1::STATE_DEAD);
  transition.set_from_health(v1::HEALTH_OK);
  transition.set_to_health(v1::HEALTH_OK);
  transition.set_cause(v1::CAUSE_PROCESS_EXITED);
  transition.set_revision(17);
  transition.set_incarnation(9);
  transition.mutable_time()->set_seconds(1'700'000'000);
  transition.mutable_evidence()->set_summary("its kernel closed the connection");
  transition.mutable_client()->set_host("h1");
  return transition;
}

TEST(VariablesTest, TellTheChange) {
  const Variables variables = VariablesOf(Death());
  const Variables some = {{"EVENT", "transition"},
                          {"CLIENT_ID", "web-1"},
                          {"STATE", "DEAD"},
                          {"FROM_STATE", "SUSPECT"},
                          {"HEALTH", "OK"},
                          {"CAUSE", "PROCESS_EXITED"},
                          {"SUMMARY", "its kernel closed the connection"},
                          {"REVISION", "17"},
                          {"INCARNATION", "9"},
                          {"TIME", "2023-11-14T22:13:20.000Z"},
                          {"HOST", "h1"},
                          {"PID", ""}};
  EXPECT_THAT(some, IsSubsetOf(variables));
}

TEST(VariablesTest, LabelsHaveNamesThatAShellTakes) {
  v1::Transition transition = Death();
  (*transition.mutable_client()->mutable_labels())["zone"] = "eu";
  (*transition.mutable_client()->mutable_labels())["app.kubernetes.io/name"] = "web";
  (*transition.mutable_client()->mutable_labels())["a-b"] = "first";
  (*transition.mutable_client()->mutable_labels())["a_b"] = "second";
  const Variables variables = VariablesOf(transition);
  EXPECT_THAT(variables, Contains(Pair("LABEL_zone", "eu")));
  EXPECT_THAT(variables, Contains(Pair("LABEL_app_kubernetes_io_name", "web")));
  EXPECT_THAT(variables, Contains(Pair("LABEL_a_b", "first")));
  EXPECT_THAT(variables, Not(Contains(Pair("LABEL_a_b", "second"))));
}

TEST(EnvironmentTest, HasNothingThatTheParentToldOfAnotherChange) {
  EXPECT_THAT(EnvironmentOf({"PATH=/bin", "LIVENESS_SERVER=db:1", "LIVENESS_CLIENT_ID=old",
                             "LIVENESS_LABEL_zone=old", "LIVENESS_STATE", "odd"},
                            {{"CLIENT_ID", "new"}}),
              ElementsAre("PATH=/bin", "LIVENESS_SERVER=db:1", "odd", "LIVENESS_CLIENT_ID=new"));
}

TEST(EnvironmentTest, BytesStayAsTheyAreButForNul) {
  EXPECT_THAT(EnvironmentOf({}, {{"SUMMARY", std::string("a\nb\x1b\0c=", 7)}}),
              ElementsAre("LIVENESS_SUMMARY=a\nb\x1b\uFFFDc="));
}

}  // namespace
}  // namespace liveness::cli
