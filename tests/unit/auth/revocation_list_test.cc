#include "server/auth/revocation_list.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "common/openssl_ptr.h"
#include "tests/support/authority.h"

namespace liveness::auth {
namespace {

using testing::Authority;

common::CertificatePtr Parsed(const std::string& pem) {
  const common::BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return common::CertificatePtr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

class RevocationListTest : public ::testing::Test {
 protected:
  const Authority ours_{"ours"}, others_{"others"};
  const std::string bad_ = ours_.Issue("bad").cert, good_ = ours_.Issue("good").cert;
};

TEST_F(RevocationListTest, HasWhatItsAuthorityRevoked) {
  const auto list = RevocationList::Parse(ours_.Revoke({bad_}), ours_.cert());
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_TRUE(list->Has(*Parsed(bad_)));
  EXPECT_FALSE(list->Has(*Parsed(good_)));
  EXPECT_EQ(list->size(), 1U);
  EXPECT_TRUE(list->next_update().has_value());
}

TEST_F(RevocationListTest, OneThatIsGoodForEverIsNotOverdue) {
  const auto list = RevocationList::Parse(ours_.Revoke({}, Authority::Hours(24 * 365 * 400)), ours_.cert());
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_GT(list->next_update(), common::WallTime::max() - std::chrono::hours(1))
      << "the last moment that can be told";
}

TEST_F(RevocationListTest, SeveralListsAreOneFile) {
  const std::string theirs = others_.Issue("theirs").cert;
  const auto list =
      RevocationList::Parse(others_.Revoke({theirs}) + ours_.Revoke({bad_}), ours_.cert() + others_.cert());
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_TRUE(list->Has(*Parsed(bad_)));
  EXPECT_TRUE(list->Has(*Parsed(theirs)));
  EXPECT_FALSE(list->Has(*Parsed(good_)));
}

TEST_F(RevocationListTest, NobodyRevokesForAnother) {
  EXPECT_FALSE(RevocationList::Parse(others_.Revoke({bad_}), ours_.cert()).ok());
  const Authority impostor("ours");
  EXPECT_FALSE(RevocationList::Parse(impostor.Revoke({bad_}), ours_.cert()).ok()) << "the name alone";
}

TEST_F(RevocationListTest, ASerialNumberIsItsIssuers) {
  const std::string theirs = others_.Issue("theirs").cert;
  const auto list = RevocationList::Parse(ours_.Revoke({theirs}), ours_.cert() + others_.cert());
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_FALSE(list->Has(*Parsed(theirs)));
}

TEST_F(RevocationListTest, OneThatIsOverdueHoldsAllTheSame) {
  const auto list =
      RevocationList::Parse(ours_.Revoke({}) + ours_.Revoke({bad_}, Authority::Hours(-24)), ours_.cert());
  const auto timely = RevocationList::Parse(ours_.Revoke({}), ours_.cert());
  ASSERT_TRUE(list.ok() && timely.ok());
  EXPECT_TRUE(list->Has(*Parsed(bad_)));
  ASSERT_TRUE(list->next_update() && timely->next_update());
  EXPECT_LT(*list->next_update(), *timely->next_update()) << "the first that is due";
}

TEST_F(RevocationListTest, WhatIsNoListIsRefused) {
  const std::string list = ours_.Revoke({bad_});
  for (const std::string& text : {std::string(), std::string("no list"), ours_.cert(),
                                  list.substr(0, list.size() / 2), list + list.substr(0, list.size() / 2),
                                  list + "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"}) {
    EXPECT_FALSE(RevocationList::Parse(text, ours_.cert()).ok()) << text;
  }
}

}  // namespace
}  // namespace liveness::auth
