#include "tests/support/authority.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace liveness::testing {
namespace {

std::string Take(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string taken(text, static_cast<std::size_t>(size));
  BIO_free_all(bio);
  return taken;
}

std::string PemOf(X509* certificate) {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  return Take(bio);
}

void Extend(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* New(const std::string& name, EVP_PKEY* key, Authority::Hours from, Authority::Hours until) {
  X509* const certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial));
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), std::chrono::seconds(from).count());
  X509_gmtime_adj(X509_getm_notAfter(certificate), std::chrono::seconds(until).count());
  if (!name.empty()) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  }
  X509_set_pubkey(certificate, key);
  return certificate;
}

}  // namespace

Authority::Authority(const std::string& name) : key_(EVP_EC_gen("P-256")) {
  certificate_ = New(name, key_, Hours(-24 * 365), Hours(24 * 3650));
  X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
  Extend(certificate_, NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(certificate_, key_, EVP_sha256());
  cert_ = PemOf(certificate_);
}

Authority::~Authority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

PemPair Authority::Issue(const std::string& name, const std::string& usage, Hours from, Hours until) const {
  return IssueAny(Wish{.common_name = name,
                       .names = "DNS:" + name + ",IP:127.0.0.1",
                       .extensions = {{"extendedKeyUsage", usage}},
                       .from = from,
                       .until = until});
}

PemPair Authority::IssueAny(const Wish& wish) const {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = New(wish.common_name, key, wish.from, wish.until);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate_));
  for (const auto& [name, value] : wish.extensions) Extend(certificate, OBJ_sn2nid(name.c_str()), value);
  if (!wish.names.empty()) Extend(certificate, NID_subject_alt_name, wish.names);
  X509_sign(certificate, key_, EVP_sha256());
  PemPair pair{PemOf(certificate), ""};
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  pair.key = Take(bio);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return pair;
}

std::string Authority::Revoke(const std::vector<std::string>& certificates, Hours until) const {
  X509_CRL* const list = X509_CRL_new();
  X509_CRL_set_version(list, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list, X509_get_subject_name(certificate_));
  ASN1_TIME* const time = ASN1_TIME_new();
  X509_CRL_set1_lastUpdate(list, X509_gmtime_adj(time, -60));
  X509_CRL_set1_nextUpdate(list, X509_gmtime_adj(time, std::chrono::seconds(until).count()));
  for (const std::string& pem : certificates) {
    BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    BIO_free_all(bio);
    X509_REVOKED* const revoked = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(certificate));
    X509_REVOKED_set_revocationDate(revoked, X509_gmtime_adj(time, -60));
    X509_CRL_add0_revoked(list, revoked);
    X509_free(certificate);
  }
  ASN1_TIME_free(time);
  X509_CRL_sort(list);
  X509_CRL_sign(list, key_, EVP_sha256());
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509_CRL(bio, list);
  X509_CRL_free(list);
  return Take(bio);
}

std::string Locked(const std::string& key) {
  BIO* const in = BIO_new_mem_buf(key.data(), static_cast<int>(key.size()));
  EVP_PKEY* const parsed = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
  BIO_free_all(in);
  BIO* const out = BIO_new(BIO_s_mem());
  char passphrase[] = "secret";
  PEM_write_bio_PrivateKey(out, parsed, EVP_aes_256_cbc(), nullptr, 0, nullptr, passphrase);
  EVP_PKEY_free(parsed);
  return Take(out);
}

}  // namespace liveness::testing
