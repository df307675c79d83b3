#include "common/strings.h"

#include "absl/strings/escaping.h"

namespace liveness::common {

std::string Escape(std::string_view text) { return absl::CHexEscape(ToAbsl(text)); }

}  // namespace liveness::common
