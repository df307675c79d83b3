// Text that we hand out and want back unchanged: base64url of a payload and
// its MAC. Not secret, but not to be edited. Pure, thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace liveness::core {

using Mac = std::array<std::uint8_t, 16>;
// A message authentication code under a key that stays with the servers (common/signer.h).
// Must be thread-safe.
using MacFunction = std::function<Mac(std::string_view message)>;

// `purpose` keeps one kind of text from passing as another.
std::string Seal(std::string_view purpose, std::string_view payload, const MacFunction& mac);

struct Unsealed {
  std::string payload;
  bool authentic = false;  // made by Seal with this purpose and key
};
// nullopt if `text` could not have come from Seal at all.
std::optional<Unsealed> Unseal(std::string_view purpose, std::string_view text, const MacFunction& mac);

// Where the payload names the key: the two halves of Unseal.
struct SealedText {
  std::string payload;
  std::string mac;
};
// nullopt as Unseal.
std::optional<SealedText> ReadSealed(std::string_view text);
bool IsAuthentic(std::string_view purpose, const SealedText& sealed, const MacFunction& mac);

// A keyed 128-bit digest of `text`, as 16 bytes; nobody without the key can
// make two texts collide.
std::string Digest(std::string_view purpose, std::string_view text, const MacFunction& mac);

}  // namespace liveness::core
