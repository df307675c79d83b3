// Which sanitizer checks this build, and so the programs that tests start.
#pragma once

#include <string_view>

namespace liveness::testing {

// "address", which is with undefined behaviour; "thread"; "fuzzer"; empty: none.
std::string_view Sanitizer();

inline bool IsSanitized() { return !Sanitizer().empty(); }

}  // namespace liveness::testing
