#include "server/auth/own_certificate.h"

#include <memory>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "common/openssl_ptr.h"

namespace liveness::auth {
namespace {

using Bio = common::BioPtr;
using Certificate = common::CertificatePtr;
using Key = common::KeyPtr;
using Extension = std::unique_ptr<X509_EXTENSION, common::OpensslDeleter<X509_EXTENSION_free>>;

std::string TextOf(BIO& bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(&bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

bool AddExtension(X509& certificate, int nid, const char* value) {
  const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
  return extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

bool Fill(X509& certificate, EVP_PKEY& key) {
  std::uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) != 1) return false;
  X509_NAME* const name = X509_get_subject_name(&certificate);
  const auto* common_name = reinterpret_cast<const unsigned char*>("liveness canary");
  return X509_set_version(&certificate, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(&certificate), serial >> 1) == 1 &&
         ASN1_TIME_set_string(X509_getm_notBefore(&certificate), "19700101000000Z") == 1 &&
         ASN1_TIME_set_string(X509_getm_notAfter(&certificate), "99991231235959Z") == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
         X509_set_issuer_name(&certificate, name) == 1 && X509_set_pubkey(&certificate, &key) == 1 &&
         AddExtension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         AddExtension(certificate, NID_key_usage, "critical,digitalSignature") &&
         AddExtension(certificate, NID_ext_key_usage, "clientAuth") &&
         X509_sign(&certificate, &key, EVP_sha256()) != 0;
}

}  // namespace

absl::StatusOr<OwnCertificate> MakeOwnCertificate() {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  const Bio cert_pem(BIO_new(BIO_s_mem())), key_pem(BIO_new(BIO_s_mem()));
  if (key == nullptr || certificate == nullptr || !Fill(*certificate, *key) ||
      PEM_write_bio_X509(cert_pem.get(), certificate.get()) != 1 ||
      PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    char why[256] = "";
    ERR_error_string_n(ERR_get_error(), why, sizeof(why));
    return absl::InternalError(why);
  }
  return OwnCertificate{TextOf(*cert_pem), TextOf(*key_pem)};
}

}  // namespace liveness::auth
