#include "common/signer.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstdlib>

namespace liveness::common {

Signer::Mac Signer::Sign(std::string_view message) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> whole{};
  unsigned int length = 0;
  const unsigned char* done =
      HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), whole.data(), &length);
  // Only without memory, or without SHA-256 at all: nothing we sign would be safe.
  if (done == nullptr) std::abort();
  Mac mac;
  std::copy_n(whole.begin(), mac.size(), mac.begin());
  return mac;
}

bool Signer::Verify(std::string_view message, const Mac& mac) const {
  const Mac expected = Sign(message);
  return CRYPTO_memcmp(expected.data(), mac.data(), mac.size()) == 0;
}

}  // namespace liveness::common
