#include "server/storage/etcd/checks/rights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace liveness::storage::etcd {
namespace {

using etcdserverpb::Permission;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kZero(1, '\0');
const Layout kLayout("/liveness/");

std::vector<std::string> Surplus(const std::string& key, const std::string& range_end,
                                 const std::string& role = "ours") {
  google::protobuf::RepeatedPtrField<Permission> permissions;
  Permission& permission = *permissions.Add();
  permission.set_permtype(Permission::READWRITE);
  permission.set_key(key);
  permission.set_range_end(range_end);
  return SurplusOf(role, permissions, kLayout);
}

TEST(EtcdRights, OurKeysAndPartsOfThemAreNoneTooMany) {
  EXPECT_THAT(Surplus("/liveness/", "/liveness0"), IsEmpty());
  EXPECT_THAT(Surplus("/liveness/clients/", "/liveness/clients0"), IsEmpty());
  EXPECT_THAT(Surplus("/liveness/leader", ""), IsEmpty());
}

TEST(EtcdRights, WhatReachesFurtherIsSaidAsItWasGranted) {
  EXPECT_THAT(Surplus("/live", "/livf"),
              ElementsAre("readwrite on all keys that begin with \"/live\" (role ours)"));
  EXPECT_THAT(Surplus("/other/", "/other0"), ElementsAre(HasSubstr("begin with \"/other/\"")));
  EXPECT_THAT(Surplus("/other", ""), ElementsAre(HasSubstr("the key \"/other\"")));
  EXPECT_THAT(Surplus("/liveness0", ""), ElementsAre(HasSubstr("the key \"/liveness0\"")));
  EXPECT_THAT(Surplus("/liveness/", "/m"), ElementsAre(HasSubstr("from \"/liveness/\" to before \"/m\"")));
  EXPECT_THAT(Surplus("/liveness/", kZero), ElementsAre(HasSubstr("all keys from \"/liveness/\" on")));
  EXPECT_THAT(Surplus("", kZero), ElementsAre(HasSubstr("on all keys (")));
  EXPECT_THAT(Surplus(kZero, kZero), ElementsAre(HasSubstr("on all keys (")));
}

TEST(EtcdRights, RootMayDoAllWhateverItLists) {
  EXPECT_THAT(Surplus("/liveness/", "/liveness0", "root"), ElementsAre("everything (role root)"));
}

TEST(EtcdRights, TheWarningNamesTheFirstAndTheRoleToGrant) {
  const std::string warning = SurplusWarning("live", {"one", "two", "three", "four", "five"}, kLayout);
  EXPECT_THAT(warning, AllOf(HasSubstr("--etcd-user=live"), HasSubstr("one, two, three, and 2 more"),
                             HasSubstr("grant-permission ROLE readwrite --prefix=true /liveness/")));
  EXPECT_THAT(warning, Not(HasSubstr("four")));
}

// A role's name is another's words.
TEST(EtcdRights, NamesReachTheLogInOneLine) {
  EXPECT_THAT(Surplus("/a\nb", "", "x\ny"), ElementsAre(Not(HasSubstr("\n"))));
}

}  // namespace
}  // namespace liveness::storage::etcd
