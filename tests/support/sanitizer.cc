#include "tests/support/sanitizer.h"

namespace liveness::testing {

std::string_view Sanitizer() { return LIVENESS_SANITIZE; }

}  // namespace liveness::testing
