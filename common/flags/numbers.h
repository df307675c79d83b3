// Flags whose value is a number.
#pragma once

#include <cstdint>

#include <CLI/CLI.hpp>

namespace liveness::common {

// Refuses whatever is no whole number from `least` to `most`: CLI11 alone takes -1 for the greatest number of
// an unsigned type, one that is too long for the greatest of any type, and its Range lets pass what it cannot
// read. `0x10` is sixteen, `010` eight, as CLI11 reads them. Thread-safe.
CLI::Validator CountBetween(std::uint64_t least, std::uint64_t most);
// The same for any number that is not below zero and fits 63 bits; --help does not say so.
CLI::Validator AnyCount();

// Refuses whatever is no number from `least` to `most`; `nan` is none. Thread-safe.
CLI::Validator NumberBetween(double least, double most);

}  // namespace liveness::common
