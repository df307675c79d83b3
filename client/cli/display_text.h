// Text from strangers, made fit for a terminal. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace liveness::cli {

// `text` without anything that could move the cursor, change colors or turn
// the writing direction: control and bidi characters become \xNN or \u{NNNN},
// bytes that are no UTF-8 become \xNN.
std::string Printable(std::string_view text);

// The columns that `text` takes: 2 for East Asian wide characters and emoji,
// 0 for combining marks, 1 for the rest.
// REQUIRES: `text` went through Printable.
std::size_t DisplayWidth(std::string_view text);

}  // namespace liveness::cli
