#include "server/core/record/client_info.h"

#include <gtest/gtest.h>

namespace liveness::core {
namespace {

ClientInfo Full() {
  return {.client_id = "db-1",
          .instance_id = "i-1",
          .labels = {{"tier", "db"}, {"zone", ""}},
          .peer_address = "10.0.0.7:41822",
          .local_address = "192.168.0.2:1",
          .host = "host-7",
          .version = "1.2",
          .principal = "spiffe://x/db",
          .last_will = "so\nlong",
          .pid = -3};
}

TEST(PackedInfo, HoldsEveryFieldAsItsOwn) {
  const PackedInfo packed(Full());
  EXPECT_EQ(packed.client_id(), "db-1");
  EXPECT_EQ(packed.instance_id(), "i-1");
  EXPECT_EQ(packed.peer_address(), "10.0.0.7:41822");
  EXPECT_EQ(packed.local_address(), "192.168.0.2:1");
  EXPECT_EQ(packed.host(), "host-7");
  EXPECT_EQ(packed.version(), "1.2");
  EXPECT_EQ(packed.principal(), "spiffe://x/db");
  EXPECT_EQ(packed.last_will(), "so\nlong");
  EXPECT_EQ(packed.pid(), -3);
  EXPECT_EQ(packed.FindLabel("tier"), "db");
  EXPECT_EQ(packed.FindLabel("zone"), "");
  EXPECT_EQ(packed.FindLabel("zon"), std::nullopt);
  EXPECT_EQ(packed.Unpack().labels, Full().labels);
}

TEST(PackedInfo, AnEmptyInfoIsEmpty) {
  const PackedInfo packed{ClientInfo()};
  EXPECT_EQ(packed.client_id(), "");
  EXPECT_EQ(packed.label_count(), 0u);
  EXPECT_EQ(packed, PackedInfo(packed.Unpack()));
}

TEST(PackedInfo, EqualsByContentAndIsByBlock) {
  const PackedInfo one(Full());
  const PackedInfo copy = one;
  const PackedInfo again(Full());
  EXPECT_TRUE(one.Is(copy));
  EXPECT_FALSE(one.Is(again));
  EXPECT_EQ(one, again);
  ClientInfo shifted = Full();  // the same bytes in all, cut elsewhere
  shifted.client_id = "db-1i";
  shifted.instance_id = "-1";
  EXPECT_NE(one, PackedInfo(shifted));
  ClientInfo other = Full();
  other.labels[1].second = "eu";
  EXPECT_NE(one, PackedInfo(other));
}

TEST(PackedInfo, WhatDoesNotFitIsCut) {
  ClientInfo info;
  info.client_id = "a";
  info.last_will = std::string(100'000, 'x');
  info.labels = {{"k", "v"}};
  const PackedInfo packed(info);
  EXPECT_EQ(packed.client_id(), "a");
  EXPECT_EQ(packed.last_will().size(), 65'534u);
  EXPECT_EQ(packed.FindLabel("k"), std::nullopt);
}

TEST(PackedInfo, IsNotEqualWhereOnlyTheProcessDiffers) {
  ClientInfo other = Full();
  other.pid = 4;
  EXPECT_FALSE(PackedInfo(Full()) == PackedInfo(other));
}

TEST(PackedInfo, IsNotEqualWhereOnlyLettersOfALabelDiffer) {
  ClientInfo other = Full();
  other.labels[0].second = "dc";
  EXPECT_NE(PackedInfo(Full()), PackedInfo(other));
}

TEST(PackedInfo, IsNotEqualWhereOnlyLettersDifferAndThereAreNoLabels) {
  EXPECT_NE(PackedInfo(ClientInfo{.client_id = "a"}), PackedInfo(ClientInfo{.client_id = "b"}));
  EXPECT_NE(PackedInfo(ClientInfo{.last_will = "ab"}), PackedInfo(ClientInfo{.last_will = "ac"}));
}

TEST(PackedInfo, FindsEachOfManyLabels) {
  ClientInfo info;
  info.labels = {{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}, {"e", "5"}};
  const PackedInfo packed(info);
  for (const auto& [key, value] : info.labels) EXPECT_EQ(packed.FindLabel(key), value);
  EXPECT_EQ(packed.FindLabel("f"), std::nullopt);
}

}  // namespace
}  // namespace liveness::core
