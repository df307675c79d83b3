#include "server/auth/certificate_identity.h"

#include <string>

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "common/openssl_ptr.h"
#include "common/status.h"
#include "tests/support/authority.h"

namespace liveness::auth {
namespace {

using testing::Authority;

const Authority& TheAuthority() {
  static const Authority authority("test authority");
  return authority;
}

common::CertificatePtr Certificate(const Authority::Wish& wish) {
  const std::string pem = TheAuthority().IssueAny(wish).cert;
  const common::BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return common::CertificatePtr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

// The principal, or the reason.
std::string Identify(const std::string& names, const CertificateRules& rules = {},
                     const std::string& common_name = "orders") {
  const auto principal =
      IdentifyCertificate(*Certificate({.common_name = common_name, .names = names}), rules);
  return principal.ok() ? *principal : common::ReasonOf(principal.status());
}

TEST(CertificateIdentity, ASpiffeIdComesBeforeAllOtherNames) {
  EXPECT_EQ(Identify("URI:spiffe://prod/orders"), "spiffe://prod/orders");
  EXPECT_EQ(Identify("DNS:a.example,DNS:b.example,URI:spiffe://prod/orders"), "spiffe://prod/orders");
}

TEST(CertificateIdentity, ACertificateNamesOneOrIsRefused) {
  EXPECT_EQ(Identify("URI:spiffe://prod/orders,URI:spiffe://prod/billing"), "CERTIFICATE_AMBIGUOUS");
  EXPECT_EQ(Identify("URI:spiffe://prod/orders,URI:spiffe://prod/orders"), "CERTIFICATE_AMBIGUOUS");
  EXPECT_EQ(Identify("URI:spiffe://prod/orders,URI:http://prod/orders"), "CERTIFICATE_AMBIGUOUS");
  EXPECT_EQ(Identify("DNS:a.example,DNS:b.example"), "CERTIFICATE_AMBIGUOUS");
}

TEST(CertificateIdentity, AUriThatIsNoWorkloadsIsRefused) {
  for (const char* uri :
       {"URI:spiffe://prod", "URI:spiffe://prod/", "URI:http://prod/orders", "URI:spiffe://prod/a/../b"}) {
    EXPECT_EQ(Identify(uri), "CERTIFICATE_MALFORMED") << uri;
  }
}

TEST(CertificateIdentity, ATrustDomainIsOneOfThoseServed) {
  const CertificateRules rules{.trust_domains = {"prod", "stage"}};
  EXPECT_EQ(Identify("URI:spiffe://stage/orders", rules), "spiffe://stage/orders");
  EXPECT_EQ(Identify("URI:spiffe://prod2/orders", rules), "TRUST_DOMAIN_UNKNOWN");
}

TEST(CertificateIdentity, ADnsNameIsOneHosts) {
  EXPECT_EQ(Identify("DNS:Orders.Prod"), "dns:orders.prod");
  EXPECT_EQ(Identify("DNS:*.prod"), "CERTIFICATE_MALFORMED");
  EXPECT_EQ(Identify("DNS:orders.prod,IP:10.0.0.1"), "dns:orders.prod");
}

TEST(CertificateIdentity, ACommonNameCountsOnlyWhereItIsAllowed) {
  EXPECT_EQ(Identify(""), "CERTIFICATE_NAMELESS");
  EXPECT_EQ(Identify("IP:10.0.0.1"), "CERTIFICATE_NAMELESS");
  const CertificateRules rules{.allow_common_names = true};
  EXPECT_EQ(Identify("", rules), "cn:orders");
  EXPECT_EQ(Identify("", rules, "spiffe://prod/orders"), "cn:spiffe://prod/orders");
  EXPECT_EQ(Identify("", rules, ""), "CERTIFICATE_NAMELESS");
  EXPECT_EQ(Identify("", rules, "a\nb"), "CERTIFICATE_MALFORMED");
}

TEST(CertificateIdentity, WhoMaySignOthersIsNoClient) {
  for (const Authority::Wish& wish :
       {Authority::Wish{"a", "URI:spiffe://prod/a", {{"basicConstraints", "critical,CA:TRUE"}}},
        Authority::Wish{"a", "URI:spiffe://prod/a", {{"keyUsage", "critical,digitalSignature,keyCertSign"}}},
        Authority::Wish{"a", "URI:spiffe://prod/a", {{"keyUsage", "critical,digitalSignature,cRLSign"}}}}) {
    const auto principal = IdentifyCertificate(*Certificate(wish), {});
    EXPECT_EQ(common::ReasonOf(principal.status()), "CERTIFICATE_IS_CA");
  }
  EXPECT_TRUE(IdentifyCertificate(
                  *Certificate({"a", "URI:spiffe://prod/a", {{"keyUsage", "critical,digitalSignature"}}}), {})
                  .ok());
}

}  // namespace
}  // namespace liveness::auth
