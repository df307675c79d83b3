#include "server/auth/certificate_identity.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include <openssl/x509v3.h>

#include "common/openssl_ptr.h"
#include "common/status.h"
#include "common/strings.h"
#include "common/utf8.h"
#include "server/auth/principal.h"

namespace liveness::auth {
namespace {

using Names = std::unique_ptr<GENERAL_NAMES, common::OpensslDeleter<GENERAL_NAMES_free>>;

absl::Status Refused(std::string_view reason, std::string_view why) {
  return common::Error(absl::StatusCode::kUnauthenticated, reason,
                       common::StrCat("the client certificate ", why));
}

std::string_view TextOf(const ASN1_STRING& text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(&text)),
          static_cast<std::size_t>(ASN1_STRING_length(&text))};
}

bool MaySignOthers(X509& leaf) {
  if (X509_check_ca(&leaf) != 0) return true;
  const std::uint32_t usage = X509_get_key_usage(&leaf);  // all bits without the extension
  return usage != UINT32_MAX && (usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0;
}

absl::StatusOr<std::string> FromUri(const std::string& uri, const CertificateRules& rules) {
  if (!IsSpiffeId(uri)) {
    return Refused("CERTIFICATE_MALFORMED", "has a URI that is no SPIFFE ID of a workload");
  }
  const auto& known = rules.trust_domains;
  if (!known.empty() && std::find(known.begin(), known.end(), TrustDomainOf(uri)) == known.end()) {
    return Refused("TRUST_DOMAIN_UNKNOWN", "is of a trust domain that is not served here");
  }
  return uri;
}

absl::StatusOr<std::string> FromCommonName(X509& leaf) {
  const X509_NAME* const subject = X509_get_subject_name(&leaf);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return Refused("CERTIFICATE_NAMELESS", "has no name");
  if (X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) {
    return Refused("CERTIFICATE_AMBIGUOUS", "has several common names");
  }
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return Refused("CERTIFICATE_MALFORMED", "has a common name that is no text");
  const std::string name(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  if (name.empty()) return Refused("CERTIFICATE_NAMELESS", "has no name");
  if (common::HasControlCharacter(name) || !common::IsValidUtf8(name)) {
    return Refused("CERTIFICATE_MALFORMED", "has a common name that is no plain text");
  }
  return CommonNamePrincipal(name);
}

bool IsHostName(std::string_view name) {
  return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
  });
}

}  // namespace

absl::StatusOr<std::string> IdentifyCertificate(X509& leaf, const CertificateRules& rules) {
  if (MaySignOthers(leaf)) return Refused("CERTIFICATE_IS_CA", "may sign others: it is no client's");
  int critical = 0;
  const Names names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&leaf, NID_subject_alt_name, &critical, nullptr)));
  // -1: it has none. Otherwise it has several such extensions, or one that does not parse.
  if (names == nullptr && critical != -1) {
    return Refused("CERTIFICATE_MALFORMED", "has subject alternative names that do not parse");
  }
  std::vector<std::string> uris, hosts;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) uris.emplace_back(TextOf(*name->d.uniformResourceIdentifier));
    if (name->type == GEN_DNS) hosts.emplace_back(TextOf(*name->d.dNSName));
  }
  if (uris.size() > 1) return Refused("CERTIFICATE_AMBIGUOUS", "has several URI names");
  if (uris.size() == 1) return FromUri(uris.front(), rules);
  if (hosts.size() > 1) return Refused("CERTIFICATE_AMBIGUOUS", "has several DNS names, and no SPIFFE ID");
  if (hosts.size() == 1) {
    if (IsHostName(hosts.front())) return DnsPrincipal(hosts.front());
    return Refused("CERTIFICATE_MALFORMED", "has a DNS name that names no host");
  }
  if (rules.allow_common_names) return FromCommonName(leaf);
  return Refused("CERTIFICATE_NAMELESS",
                 "has neither a SPIFFE ID nor a DNS name; a common name counts with --allow-common-names");
}

}  // namespace liveness::auth
