#include "server/auth/revocation_list.h"

#include <algorithm>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "common/openssl_ptr.h"
#include "common/strings.h"
#include "common/tls_files.h"

namespace liveness::auth {
namespace {

common::BioPtr Open(std::string_view text) {
  return common::BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::vector<common::CertificatePtr> ReadCertificates(std::string_view pem) {
  std::vector<common::CertificatePtr> certificates;
  const common::BioPtr bio = Open(pem);
  while (X509* const each = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(each);
  }
  ERR_clear_error();
  return certificates;
}

bool IsSignedBy(X509_CRL& list, X509& authority) {
  if (X509_NAME_cmp(X509_CRL_get_issuer(&list), X509_get_subject_name(&authority)) != 0) return false;
  EVP_PKEY* const key = X509_get0_pubkey(&authority);
  const bool is_signed = key != nullptr && X509_CRL_verify(&list, key) == 1;
  ERR_clear_error();
  return is_signed;
}

std::string IssuerOf(X509_CRL& list) {
  char name[256] = "";
  X509_NAME_oneline(X509_CRL_get_issuer(&list), name, sizeof(name));
  return common::Escape(name);
}

}  // namespace

absl::StatusOr<RevocationList> RevocationList::Parse(std::string_view lists, std::string_view authorities) {
  const std::vector<common::CertificatePtr> known = ReadCertificates(authorities);
  RevocationList made;
  const common::BioPtr bio = Open(lists);
  while (X509_CRL* const read = PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)) {
    const std::shared_ptr<X509_CRL> list(read, X509_CRL_free);
    if (std::none_of(known.begin(), known.end(),
                     [&](const auto& each) { return IsSignedBy(*list, *each); })) {
      return absl::InvalidArgumentError(common::StrCat("the list of ", IssuerOf(*list),
                                                       " is signed by none of the authorities in --tls-ca"));
    }
    // Serial numbers are sorted at the first search, under a lock: here, and not amid the first handshakes.
    X509_CRL_sort(list.get());
    made.size_ +=
        static_cast<std::size_t>(std::max(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list.get())), 0));
    if (const ASN1_TIME* const next = X509_CRL_get0_nextUpdate(list.get())) {
      const common::WallTime due = common::TimeOf(next);
      made.next_update_ = std::min(made.next_update_.value_or(due), due);
    }
    made.lists_.push_back(list);
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end || made.lists_.empty())
    return absl::InvalidArgumentError("holds no certificate revocation list in PEM");
  return made;
}

bool RevocationList::Has(X509& certificate) const {
  return std::any_of(lists_.begin(), lists_.end(), [&](const auto& list) {
    X509_REVOKED* revoked = nullptr;
    if (X509_NAME_cmp(X509_CRL_get_issuer(list.get()), X509_get_issuer_name(&certificate)) != 0) return false;
    return X509_CRL_get0_by_cert(list.get(), &revoked, &certificate) ==
           1;  // 2: it was taken from the list again
  });
}

}  // namespace liveness::auth
