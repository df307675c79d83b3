#include "common/random.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

namespace liveness::common {

void RandomBytes(std::span<std::uint8_t> bytes) {
  // getentropy is getrandom behind a portable name, never interrupted, and
  // gives at most 256 bytes a call.
  constexpr std::size_t kMaxChunk = 256;
  while (!bytes.empty()) {
    const std::size_t chunk = std::min(bytes.size(), kMaxChunk);
    if (getentropy(bytes.data(), chunk) != 0) std::abort();
    bytes = bytes.subspan(chunk);
  }
}

std::string RandomHexId() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::array<std::uint8_t, 16> bytes;
  RandomBytes(bytes);
  std::string id;
  for (const std::uint8_t byte : bytes) {
    id.push_back(kDigits[byte >> 4]);
    id.push_back(kDigits[byte & 0xF]);
  }
  return id;
}

double RandomUniform() {
  std::array<std::uint8_t, 8> bytes;
  RandomBytes(bytes);
  std::uint64_t bits = 0;
  std::memcpy(&bits, bytes.data(), sizeof(bits));
  // The 53 bits that a double holds exactly.
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

}  // namespace liveness::common
