#include "server/auth/principal.h"

#include <string>

#include <gtest/gtest.h>

namespace liveness::auth {
namespace {

TEST(Principal, ASpiffeIdHasATrustDomainAndAPath) {
  for (const char* good :
       {"spiffe://prod/orders", "spiffe://prod.example/ns/shop/sa/Orders_2", "spiffe://a-b_c.1/x.y/-"}) {
    EXPECT_TRUE(IsSpiffeId(good)) << good;
  }
  for (const char* bad :
       {"", "spiffe://", "spiffe://prod", "spiffe://prod/", "spiffe:///orders", "spiffe://prod//orders",
        "spiffe://prod/orders/", "spiffe://prod/./orders", "spiffe://prod/../orders", "spiffe://Prod/orders",
        "SPIFFE://prod/orders", "spiffe://prod:80/orders", "spiffe://u@prod/orders", "spiffe://prod/orders?x",
        "spiffe://prod/orders#x", "spiffe://prod/or ders", "spiffe://prod/%6frders", "http://prod/orders",
        "spiffe://prod/\xc3\xb6"}) {
    EXPECT_FALSE(IsSpiffeId(bad)) << bad;
  }
  EXPECT_FALSE(IsSpiffeId("spiffe://prod/" + std::string(2048, 'a')));
  EXPECT_FALSE(IsSpiffeId("spiffe://" + std::string(256, 'a') + "/x"));
  EXPECT_EQ(TrustDomainOf("spiffe://prod.example/orders"), "prod.example");
}

TEST(Principal, ItsTypeIsAPartOfIt) {
  EXPECT_EQ(DnsPrincipal("Orders.PROD"), "dns:orders.prod");
  EXPECT_EQ(CommonNamePrincipal("spiffe://prod/orders"), "cn:spiffe://prod/orders");
  EXPECT_EQ(TokenPrincipal("ops"), "token:ops");
}

TEST(Principal, WhatIsNoneIsTold) {
  for (const char* good : {"spiffe://prod/orders", "dns:a", "cn:a b", "token:x", "unix:socket"}) {
    EXPECT_TRUE(IsPrincipal(good)) << good;
  }
  for (const char* bad : {"", "orders", "dns:", "unix:0", "spiffe://prod", "*"}) {
    EXPECT_FALSE(IsPrincipal(bad)) << bad;
  }
}

}  // namespace
}  // namespace liveness::auth
