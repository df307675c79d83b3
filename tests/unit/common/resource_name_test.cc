#include "common/resource_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"

namespace liveness::common {
namespace {

using ::testing::ElementsAre;

TEST(ResourceNameTest, TheIdIsAllAfterTheFirstSlash) {
  for (const std::string id : {"a", "a/b", "/", "clients/a", "a b", "größe", "%2F"}) {
    const std::string name = ClientName(id);
    EXPECT_EQ(name, "clients/" + id);
    const auto back = ClientIdFromName(name);
    ASSERT_TRUE(back.ok()) << name << ": " << back.status();
    EXPECT_EQ(*back, id);
  }
}

TEST(ResourceNameTest, RefusesAnotherCollection) {
  for (const std::string name : {"", "a", "client/a", "Clients/a", "/clients/a", "clients"}) {
    const auto id = ClientIdFromName(name);
    ASSERT_FALSE(id.ok()) << name;
    EXPECT_EQ(id.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(id.status()), "BAD_NAME");
    EXPECT_THAT(ViolationsOf(id.status()),
                ElementsAre(FieldViolation{"name", "is not of the form clients/{client_id}"}));
  }
}

TEST(ResourceNameTest, RefusesWhatIsNoId) {
  EXPECT_THAT(ViolationsOf(ClientIdFromName("clients/").status()),
              ElementsAre(FieldViolation{"name", "is empty"}));
  EXPECT_THAT(ViolationsOf(ClientIdFromName("clients/\xff", "client").status()),
              ElementsAre(FieldViolation{"client", "is not valid UTF-8"}));
  EXPECT_FALSE(ClientIdFromName(ClientName(std::string(129, 'x'))).ok());
  EXPECT_TRUE(ClientIdFromName(ClientName(std::string(128, 'x'))).ok());
}

TEST(ResourceNameTest, AClientIsAServiceOfTheHealthProtocol) {
  EXPECT_EQ(HealthServiceName("a/b"), "client/a/b");
  EXPECT_EQ(ClientIdFromHealthService("client/a/b"), "a/b");
  EXPECT_EQ(ClientIdFromHealthService("client/"), std::nullopt);
  EXPECT_EQ(ClientIdFromHealthService(""), std::nullopt);
  EXPECT_EQ(ClientIdFromHealthService("clients/a"), std::nullopt);
}

}  // namespace
}  // namespace liveness::common
