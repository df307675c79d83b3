#include "common/tls_files.h"

#include <arpa/inet.h>

#include <cstring>
#include <ctime>
#include <limits>
#include <memory>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "common/files/file.h"
#include "common/openssl_ptr.h"
#include "common/strings.h"

namespace liveness::common {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;

using Bio = BioPtr;
using Certificate = CertificatePtr;
using Key = KeyPtr;
using Names = std::unique_ptr<GENERAL_NAMES, OpensslDeleter<GENERAL_NAMES_free>>;

struct File {
  std::string_view name;
  const std::string& path;

  std::string text() const { return StrCat(name, "=", path); }
  absl::Status Wrong(std::string_view what) const {
    return absl::InvalidArgumentError(StrCat(name, "=", path, ": ", what));
  }
};

absl::StatusOr<std::string> Read(const File& file) {
  absl::StatusOr<std::string> text = ReadFile(file.path, kMaxBytes);
  if (!text.ok()) return file.Wrong(ToStd(text.status().message()));
  if (text->empty()) return file.Wrong("is empty");
  return text;
}

Bio Open(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string TextOf(const ASN1_STRING* string) {
  return Escape({reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                 static_cast<std::size_t>(ASN1_STRING_length(string))});
}

std::string NameOf(const GENERAL_NAME& name) {
  switch (name.type) {
    case GEN_DNS: return "DNS:" + TextOf(name.d.dNSName);
    case GEN_URI: return "URI:" + TextOf(name.d.uniformResourceIdentifier);
    case GEN_EMAIL: return "email:" + TextOf(name.d.rfc822Name);
    case GEN_IPADD: {
      char text[INET6_ADDRSTRLEN] = "";
      const int family = ASN1_STRING_length(name.d.iPAddress) == 4 ? AF_INET : AF_INET6;
      inet_ntop(family, ASN1_STRING_get0_data(name.d.iPAddress), text, sizeof(text));
      return StrCat("IP:", text);
    }
    default: return {};
  }
}

std::string TextOf(const X509_NAME* name) {
  const Bio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return Escape({text, static_cast<std::size_t>(size)});
}

absl::StatusOr<std::vector<Certificate>> Certificates(const File& file, const std::string& pem) {
  const Bio bio = Open(pem);
  std::vector<Certificate> found;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) found.emplace_back(next);
  const bool end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!end) return file.Wrong("holds a certificate that does not parse; it may be half written");
  if (found.empty()) return file.Wrong("holds no certificate (PEM)");
  return found;
}

absl::StatusOr<Key> PrivateKey(const File& file, const std::string& pem) {
  bool locked = false;
  const auto passphrase = [](char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
  };
  const Bio bio = Open(pem);
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, passphrase, &locked));
  ERR_clear_error();
  if (key != nullptr) return key;
  if (locked) return file.Wrong("has a passphrase; a server has nobody to ask, store the key without one");
  return file.Wrong("holds no private key (PEM)");
}

}  // namespace

WallTime TimeOf(const asn1_string_st* time) {
  constexpr std::int64_t kMost = std::numeric_limits<Duration::rep>::max() / 1'000'000'000;
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return WallTime{};
  const std::int64_t seconds = timegm(&parts);
  if (seconds >= kMost) return WallTime(Duration::max());
  if (seconds <= -kMost) return WallTime(Duration::min());
  return WallTime(std::chrono::seconds(seconds));
}

CertificateFacts FactsOf(X509& certificate) {
  CertificateFacts facts;
  facts.subject = TextOf(X509_get_subject_name(&certificate));
  facts.issuer = TextOf(X509_get_issuer_name(&certificate));
  const Names names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    std::string name = NameOf(*sk_GENERAL_NAME_value(names.get(), i));
    if (!name.empty()) facts.names.push_back(std::move(name));
  }
  facts.not_before = TimeOf(X509_get0_notBefore(&certificate));
  facts.not_after = TimeOf(X509_get0_notAfter(&certificate));
  return facts;
}

absl::StatusOr<TlsContents> ReadTlsFiles(const TlsPaths& paths, const TlsNames& names) {
  const File cert{names.cert, paths.cert}, key{names.key, paths.key}, ca{names.ca, paths.ca};
  TlsContents contents;
  for (const auto& [file, text] :
       {std::pair(&cert, &contents.cert), std::pair(&key, &contents.key), std::pair(&ca, &contents.ca)}) {
    if (file->path.empty()) continue;
    auto read = Read(*file);
    if (!read.ok()) return read.status();
    *text = *std::move(read);
  }
  if (!contents.ca.empty()) {
    auto found = Certificates(ca, contents.ca);
    if (!found.ok()) return found.status();
    for (const Certificate& each : *found) contents.authorities.push_back(FactsOf(*each));
  }
  Certificate own;
  if (!contents.cert.empty()) {
    auto chain = Certificates(cert, contents.cert);
    if (!chain.ok()) return chain.status();
    own = std::move(chain->front());
    contents.own = FactsOf(*own);
  }
  if (!contents.key.empty()) {
    const auto private_key = PrivateKey(key, contents.key);
    if (!private_key.ok()) return private_key.status();
    if (own != nullptr && X509_check_private_key(own.get(), private_key->get()) != 1) {
      ERR_clear_error();
      return key.Wrong(StrCat("is not the key of the first certificate in ", cert.text()));
    }
  }
  return contents;
}

}  // namespace liveness::common
