#include "server/core/record/seal.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "common/strings.h"

namespace liveness::core {
namespace {

constexpr std::size_t kMaxTextBytes = 4096;

std::string_view Bytes(const Mac& mac) { return {reinterpret_cast<const char*>(mac.data()), mac.size()}; }

Mac MacOf(std::string_view purpose, std::string_view payload, const MacFunction& mac) {
  return mac(common::StrCat(purpose, std::string_view("\0", 1), payload));
}

// Takes the same time wherever the two differ.
bool Equal(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    difference = static_cast<unsigned char>(difference | (left[i] ^ right[i]));
  }
  return difference == 0;
}

std::string Encode(std::string_view bytes) { return absl::WebSafeBase64Escape(common::ToAbsl(bytes)); }

}  // namespace

std::string Seal(std::string_view purpose, std::string_view payload, const MacFunction& mac) {
  return Encode(common::StrCat(payload, Bytes(MacOf(purpose, payload, mac))));
}

std::optional<SealedText> ReadSealed(std::string_view text) {
  std::string bytes;
  if (text.size() > kMaxTextBytes || !absl::WebSafeBase64Unescape(common::ToAbsl(text), &bytes)) {
    return std::nullopt;
  }
  // The decoder forgives spaces, padding and loose bits; we do not.
  if (bytes.size() < std::tuple_size_v<Mac> || Encode(bytes) != text) return std::nullopt;
  const std::size_t length = bytes.size() - std::tuple_size_v<Mac>;
  return SealedText{bytes.substr(0, length), bytes.substr(length)};
}

bool IsAuthentic(std::string_view purpose, const SealedText& sealed, const MacFunction& mac) {
  return Equal(Bytes(MacOf(purpose, sealed.payload, mac)), sealed.mac);
}

std::optional<Unsealed> Unseal(std::string_view purpose, std::string_view text, const MacFunction& mac) {
  std::optional<SealedText> sealed = ReadSealed(text);
  if (!sealed) return std::nullopt;
  const bool authentic = IsAuthentic(purpose, *sealed, mac);
  return Unsealed{std::move(sealed->payload), authentic};
}

std::string Digest(std::string_view purpose, std::string_view text, const MacFunction& mac) {
  return std::string(Bytes(MacOf(purpose, text, mac)));
}

}  // namespace liveness::core
