// Certificate revocation lists, the file of --tls-crl: nothing counts but what an authority signed, and what
// is revoked stays so whatever stands beside it. The input is tried as the file, and as the bytes of a list
// that the authority then signs.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "common/openssl_ptr.h"
#include "common/strings.h"
#include "server/auth/revocation_list.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plain_text.h"

namespace liveness::fuzz {
namespace {

using auth::RevocationList;
using common::BioPtr;
using common::CertificatePtr;
using ListPtr = std::unique_ptr<X509_CRL, common::OpensslDeleter<X509_CRL_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, common::OpensslDeleter<ASN1_TIME_free>>;

constexpr char kName[] = "ours";
constexpr std::int64_t kBad = 5, kGood = 6;  // serial numbers
constexpr char kBegin[] = "-----BEGIN X509 CRL-----";

template <typename T, typename Write>
std::string Pem(Write write, T& object) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  write(bio.get(), &object);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

// Its key is the same in each process, and so are its signatures: a corpus holds good ones.
struct Authority {
  explicit Authority(unsigned char seed) {
    const std::vector<unsigned char> secret(32, seed);
    key.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, secret.data(), secret.size()));
    certificate = Certificate(1);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(kName), -1, -1, 0);
    X509_set_pubkey(certificate.get(), key.get());
    X509_sign(certificate.get(), key.get(), nullptr);
    pem = Pem(PEM_write_bio_X509, *certificate);
  }
  // Of this issuer.
  static CertificatePtr Certificate(std::int64_t serial) {
    CertificatePtr made(X509_new());
    ASN1_INTEGER_set_int64(X509_get_serialNumber(made.get()), serial);
    X509_NAME_add_entry_by_txt(X509_get_issuer_name(made.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(kName), -1, -1, 0);
    return made;
  }
  std::string Sign(X509_CRL& list) const {
    X509_CRL_set_issuer_name(&list, X509_get_issuer_name(certificate.get()));
    Require(X509_CRL_sign(&list, key.get(), nullptr) > 0, "a list is signed");
    return Pem(PEM_write_bio_X509_CRL, list);
  }

  common::KeyPtr key;
  CertificatePtr certificate;
  std::string pem;
};

ListPtr MadeList(const std::vector<std::int64_t>& serials) {
  ListPtr list(X509_CRL_new());
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  const TimePtr time(ASN1_TIME_set(nullptr, 1'800'000'000));
  X509_CRL_set1_lastUpdate(list.get(), time.get());
  X509_CRL_set1_nextUpdate(list.get(), time.get());
  for (const std::int64_t serial : serials) {
    X509_REVOKED* const revoked = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(Authority::Certificate(serial).get()));
    X509_REVOKED_set_revocationDate(revoked, time.get());
    X509_CRL_add0_revoked(list.get(), revoked);
  }
  return list;
}

const Authority& Ours() {
  static const Authority ours(1);
  return ours;
}

void TryFile(std::string_view text) {
  static const Authority stranger(2);
  static const CertificatePtr bad = Authority::Certificate(kBad);
  static const std::string good_list = Ours().Sign(*MadeList({kBad}));
  Require(!RevocationList::Parse(text, stranger.pem).ok(), "a name alone signs nothing");
  Require(!RevocationList::Parse(text, "").ok(), "without an authority there are no lists");
  const auto list = RevocationList::Parse(text, Ours().pem);
  if (!list.ok()) {
    Require(!list.status().message().empty(), "a refusal says why");
    RequirePlainLines(common::ToStd(list.status().message()), "a refusal is plain text");
    return;
  }
  Require(text.find(kBegin) != std::string_view::npos, "a list is in PEM");
  const std::string line = std::string(text) + "\n";
  for (const std::string& more : {line + good_list, good_list + line}) {
    const auto both = RevocationList::Parse(more, Ours().pem);
    Require(both.ok() && both->size() == list->size() + 1, "lists beside each other are all read");
    Require(both->Has(*bad), "what is revoked stays so");
  }
}

// `bytes` as a list of the authority's.
void TryContent(std::string_view bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const ListPtr content(d2i_X509_CRL(nullptr, &at, static_cast<long>(bytes.size())));
  ERR_clear_error();
  if (content == nullptr) return;
  const auto list = RevocationList::Parse(Ours().Sign(*content), Ours().pem);
  if (!list.ok()) return;
  STACK_OF(X509_REVOKED)* const all = X509_CRL_get_REVOKED(content.get());
  Require(list->size() == static_cast<std::size_t>(std::max(sk_X509_REVOKED_num(all), 0)),
          "all that are revoked are counted");
  // Extensions say more: what was taken from a list again, or whose certificates it is about.
  if (X509_CRL_get_ext_count(content.get()) > 0) return;
  for (int i = 0; i < sk_X509_REVOKED_num(all); ++i) {
    const X509_REVOKED* const each = sk_X509_REVOKED_value(all, i);
    if (X509_REVOKED_get_ext_count(each) > 0) return;
  }
  for (int i = 0; i < sk_X509_REVOKED_num(all); ++i) {
    const CertificatePtr revoked = Authority::Certificate(0);
    X509_set_serialNumber(revoked.get(), const_cast<ASN1_INTEGER*>(
                                             X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(all, i))));
    Require(list->Has(*revoked), "what is in a list is revoked");
  }
}

std::string Der(X509_CRL& list) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509_CRL(&list, &bytes);
  std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

}  // namespace

std::vector<std::string> Seeds() {
  const ListPtr list = MadeList({kBad, kGood, -1}), none = MadeList({});
  const std::string pem = Ours().Sign(*list), empty = Ours().Sign(*none);
  return {"",
          pem,
          empty,
          pem + "# and\n" + empty,
          Authority(2).Sign(*MadeList({kBad})),
          Ours().pem,
          pem + pem.substr(0, pem.size() / 2),
          std::string(kBegin) + "\nAAAA\n-----END X509 CRL-----\n",
          Der(*list),
          Der(*none)};
}

void Try(std::string_view input) {
  TryFile(input);
  TryContent(input);
}

}  // namespace liveness::fuzz
