// A certificate authority made for the run: issues what a test needs, also what is
// wrong. By OpenSSL, in memory.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace liveness::testing {

struct PemPair {
  std::string cert;
  std::string key;
};

class Authority {
 public:
  using Hours = std::chrono::hours;

  explicit Authority(const std::string& name);
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  // For DNS:`name` and IP:127.0.0.1, valid from now + `from` until now + `until`. `usage`
  // as OpenSSL writes it, e.g. "serverAuth".
  PemPair Issue(const std::string& name, const std::string& usage = "serverAuth,clientAuth",
                Hours from = Hours(-1), Hours until = Hours(24 * 365)) const;
  // Any other: `names` as OpenSSL writes subject alternative names, "URI:spiffe://a/b,DNS:c", empty for none;
  // `extensions` by OpenSSL's short names, e.g. {"keyUsage", "keyCertSign"}.
  struct Wish {
    std::string common_name;
    std::string names;
    std::vector<std::pair<std::string, std::string>> extensions = {};
    Hours from = Hours(-1);
    Hours until = Hours(24 * 365);
  };
  PemPair IssueAny(const Wish& wish) const;
  // A list that revokes these certificates (PEM), in PEM.
  std::string Revoke(const std::vector<std::string>& certificates, Hours until = Hours(24)) const;
  // Its own certificate.
  const std::string& cert() const { return cert_; }

 private:
  evp_pkey_st* key_ = nullptr;
  x509_st* certificate_ = nullptr;
  std::string cert_;
};

// `key` under a passphrase.
std::string Locked(const std::string& key);

}  // namespace liveness::testing
