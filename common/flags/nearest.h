// The name that somebody meant who wrote another: for "did you mean".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace liveness::common {

// How many letters have to be put in, left out, changed, or swapped with the next to make `b` of `a`;
// at most `limit` + 1, which is said as soon as it is known to be more than `limit`. Pure, thread-safe.
std::size_t EditDistance(std::string_view a, std::string_view b, std::size_t limit);

// Of `names` the one that is nearest to `word`, the first of several; empty if none is near: a third of
// its letters may be wrong, one at least. Pure, thread-safe.
std::string_view Nearest(std::string_view word, const std::vector<std::string>& names);

}  // namespace liveness::common
