#include "server/core/record/resume_token.h"

#include "common/strings.h"

namespace liveness::core {
namespace {

constexpr std::string_view kPurpose = "resume";

// The payload: key id, incarnation (both big-endian), client, instance.
constexpr std::size_t kNumberBytes = 8;
constexpr std::size_t kDigestBytes = std::tuple_size_v<Mac>;
constexpr std::size_t kPayloadBytes = 2 * kNumberBytes + 2 * kDigestBytes;

std::string Pack(std::uint64_t number) {
  std::string bytes(kNumberBytes, '\0');
  for (std::size_t i = kNumberBytes; i-- > 0; number >>= 8) bytes[i] = static_cast<char>(number & 0xFF);
  return bytes;
}

std::uint64_t Unpack(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

}  // namespace

std::string ResumeTokens::Issue(std::string_view client_id, std::string_view instance_id,
                                std::uint64_t incarnation, common::WallTime now) const {
  const RingKey& key = keys_.Signing(now);
  return Seal(kPurpose,
              common::StrCat(Pack(key.id), Pack(incarnation), Digest("client", client_id, key.mac),
                             Digest("instance", instance_id, key.mac)),
              key.mac);
}

ResumeOutcome ResumeTokens::Verify(std::string_view token, std::string_view client_id,
                                   std::string_view instance_id, common::WallTime now) const {
  const std::optional<SealedText> sealed = ReadSealed(token);
  if (!sealed || sealed->payload.size() != kPayloadBytes) return {ResumeVerdict::kForged, {}};
  std::string_view rest = sealed->payload;
  const auto take = [&rest](std::size_t length) {
    const std::string_view part = rest.substr(0, length);
    rest.remove_prefix(length);
    return part;
  };
  const RingKey* const key = keys_.Find(Unpack(take(kNumberBytes)), now);
  if (key == nullptr) return {ResumeVerdict::kForeignKey, {}};
  if (!IsAuthentic(kPurpose, *sealed, key->mac)) return {ResumeVerdict::kForged, {}};
  const std::uint64_t incarnation = Unpack(take(kNumberBytes));
  if (take(kDigestBytes) != Digest("client", client_id, key->mac)) return {ResumeVerdict::kOtherClient, {}};
  return {ResumeVerdict::kValid, {incarnation, rest == Digest("instance", instance_id, key->mac)}};
}

}  // namespace liveness::core
