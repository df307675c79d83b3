#include "server/core/filter/page_token.h"

#include "common/status.h"
#include "common/strings.h"

namespace liveness::core {
namespace {

constexpr std::string_view kPurpose = "page";
constexpr std::size_t kDigestBytes = std::tuple_size_v<Mac>;

std::string DigestOf(const PageQuery& query, const MacFunction& mac) {
  // The length, and the sign that is in no field's name, keep one part from running into the next.
  const std::string order = query.order_by.empty() ? "" : common::StrCat(" by ", query.order_by);
  return Digest("page query",
                common::StrCat(query.method.size(), ":", query.method, order, query.descending ? "-" : "+",
                               query.filter),
                mac);
}

}  // namespace

std::string EncodePageToken(const PageQuery& query, std::string_view position, const MacFunction& mac) {
  return Seal(kPurpose, common::StrCat(DigestOf(query, mac), position), mac);
}

absl::StatusOr<std::string> DecodePageToken(const PageQuery& query, std::string_view token,
                                            const MacFunction& mac) {
  if (token.empty()) return std::string();
  const std::optional<Unsealed> unsealed = Unseal(kPurpose, token, mac);
  if (!unsealed || !unsealed->authentic || unsealed->payload.size() <= kDigestBytes) {
    return common::BadFields(
        "BAD_PAGE_TOKEN",
        {{"page_token", "is not one that this service gave out; begin again without a token"}});
  }
  if (std::string_view(unsealed->payload).substr(0, kDigestBytes) != DigestOf(query, mac)) {
    return common::BadFields(
        "PAGE_TOKEN_MISMATCH",
        {{"page_token", "belongs to another filter or order; begin again without a token"}});
  }
  return unsealed->payload.substr(kDigestBytes);
}

}  // namespace liveness::core
