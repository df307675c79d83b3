#include "server/auth/certificate_identity.h"

#include <string>

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

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

// The reason of a certificate with this name of this type, GEN_URI or GEN_DNS, and nothing else.
std::string IdentifyBytes(int type, const std::string& bytes) {
  const common::CertificatePtr leaf(X509_new());
  GENERAL_NAMES* const names = GENERAL_NAMES_new();
  GENERAL_NAME* const name = GENERAL_NAME_new();
  ASN1_IA5STRING* const text = ASN1_IA5STRING_new();
  ASN1_STRING_set(text, bytes.data(), static_cast<int>(bytes.size()));
  GENERAL_NAME_set0_value(name, type, text);
  sk_GENERAL_NAME_push(names, name);
  X509_add1_ext_i2d(leaf.get(), NID_subject_alt_name, names, 0, 0);
  GENERAL_NAMES_free(names);
  const auto principal = IdentifyCertificate(*leaf, {});
  return principal.ok() ? *principal : common::ReasonOf(principal.status());
}

TEST(CertificateIdentity, ANameDoesNotEndAtANul) {
  using std::string_literals::operator""s;
  EXPECT_EQ(IdentifyBytes(GEN_DNS, "orders.prod"), "dns:orders.prod");
  for (const std::string& bytes :
       {"orders.prod\0.evil.example"s, "orders.prod\0"s, "\0"s, ""s, "b\xc3\xb6"s}) {
    EXPECT_EQ(IdentifyBytes(GEN_DNS, bytes), "CERTIFICATE_MALFORMED");
  }
  EXPECT_EQ(IdentifyBytes(GEN_URI, "spiffe://prod/orders"), "spiffe://prod/orders");
  EXPECT_EQ(IdentifyBytes(GEN_URI, "spiffe://prod/orders\0/x"s), "CERTIFICATE_MALFORMED");
  EXPECT_EQ(IdentifyBytes(GEN_URI, "spiffe://prod/orders\0"s), "CERTIFICATE_MALFORMED");
  EXPECT_EQ(IdentifyBytes(GEN_URI, ""), "CERTIFICATE_MALFORMED");
  const CertificateRules rules{.allow_common_names = true};
  const common::CertificatePtr leaf(X509_new());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(leaf.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>("orders\0evil"), 11, -1, 0);
  EXPECT_EQ(common::ReasonOf(IdentifyCertificate(*leaf, rules).status()), "CERTIFICATE_MALFORMED");
}

}  // namespace
}  // namespace liveness::auth
