// Sizes of memory as people read them. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <string>

namespace liveness::cli {

// `512 B`, `8.2 MiB`, `3 GiB`: three digits at most, rounded, 1024-based.
std::string SizeText(std::int64_t bytes);

}  // namespace liveness::cli
