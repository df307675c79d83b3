#include "server/hooks/signature.h"

#include <array>
#include <chrono>
#include <cstdlib>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/escaping.h"
#include "common/strings.h"

namespace liveness::hooks {
namespace {

std::string Hmac(const Secret& secret, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int length = 0;
  const unsigned char* const done =
      HMAC(EVP_sha256(), secret.key().data(), static_cast<int>(secret.key().size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac.data(), &length);
  // Only without memory, or without SHA-256 at all.
  if (done == nullptr) std::abort();
  return absl::Base64Escape({reinterpret_cast<const char*>(mac.data()), length});
}

}  // namespace

SignatureHeaders Sign(std::span<const Secret> secrets, std::string_view id, common::WallTime now,
                      std::string_view body) {
  SignatureHeaders headers;
  headers.id = id;
  headers.timestamp =
      std::to_string(std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count());
  const std::string message = common::StrCat(id, ".", headers.timestamp, ".", body);
  for (const Secret& secret : secrets) {
    headers.signature += common::StrCat(headers.signature.empty() ? "" : " ", "v1,", Hmac(secret, message));
  }
  return headers;
}

}  // namespace liveness::hooks
