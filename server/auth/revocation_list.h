// Which client certificates were revoked: certificate revocation lists (RFC 5280), as the authorities that
// issued the certificates signed them. Immutable; thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"

struct x509_st;
struct X509_crl_st;

namespace liveness::auth {

class RevocationList {
 public:
  RevocationList() = default;
  // Of one or more lists in PEM. `authorities`: the certificates of --tls-ca, in PEM; each list must be
  // signed by one of them. INVALID_ARGUMENT, with what is wrong.
  static absl::StatusOr<RevocationList> Parse(std::string_view lists, std::string_view authorities);

  bool Has(x509_st& certificate) const;
  // How many certificates are revoked.
  std::size_t size() const { return size_; }
  // When the first of the lists is to have been followed by another. Past: the list may lack what was revoked
  // since; it holds all the same, because what it has stays revoked.
  std::optional<common::WallTime> next_update() const { return next_update_; }

 private:
  std::vector<std::shared_ptr<X509_crl_st>> lists_;
  std::size_t size_ = 0;
  std::optional<common::WallTime> next_update_;
};

}  // namespace liveness::auth
