#include "server/core/record/ownership.h"

#include <gtest/gtest.h>

namespace liveness::core {
namespace {

TEST(Ownership, AnIdBelongsToWhomItBelongs) {
  EXPECT_TRUE(MayOwn("spiffe://prod/orders", "spiffe://prod/orders"));
  EXPECT_FALSE(MayOwn("spiffe://prod/orders", "spiffe://prod/billing"));
  EXPECT_FALSE(MayOwn("spiffe://prod/orders", ""));
  EXPECT_FALSE(MayOwn("dns:orders", "DNS:orders"));
}

TEST(Ownership, ANameOfAnotherTypeIsAnotherPrincipal) {
  EXPECT_FALSE(MayOwn("spiffe://prod/orders", "cn:spiffe://prod/orders"));
  EXPECT_FALSE(MayOwn("dns:orders", "cn:orders"));
  EXPECT_FALSE(MayOwn("token:orders", "dns:orders"));
  EXPECT_FALSE(MayOwn("unix:0", "cn:unix:0"));
}

TEST(Ownership, WhatNobodyOwnsIsTakenByAnybody) {
  EXPECT_TRUE(MayOwn("", ""));
  EXPECT_TRUE(MayOwn("", "spiffe://prod/orders"));
}

TEST(Ownership, ABareNameIsItsDnsNamesOrItsCommonNames) {
  EXPECT_TRUE(MayOwn("orders.prod", "dns:orders.prod"));
  EXPECT_TRUE(MayOwn("orders.prod", "cn:orders.prod"));
  EXPECT_TRUE(MayOwn("Orders.Prod", "dns:orders.prod")) << "as a certificate may spell it";
  EXPECT_FALSE(MayOwn("Orders.Prod", "cn:orders.prod"));
  EXPECT_FALSE(MayOwn("orders.prod", "dns:orders"));
  EXPECT_FALSE(MayOwn("orders.prod", "token:orders.prod"));
  EXPECT_FALSE(MayOwn("0", "unix:0"));
  EXPECT_FALSE(MayOwn("orders.prod", ""));
}

}  // namespace
}  // namespace liveness::core
