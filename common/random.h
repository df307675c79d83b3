// Randomness from the kernel: nothing is buffered, so a forked child never
// repeats its parent's numbers. Thread-safe. A few hundred nanoseconds a call:
// not for hot paths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace liveness::common {

// Fills `bytes`, fit for keys. Ends the process if the kernel has none to give,
// which no supported kernel does once it has booted.
void RandomBytes(std::span<std::uint8_t> bytes);

// 128 random bits as 32 lower-case hexadecimal digits: an instance id.
std::string RandomHexId();

// Uniform in [0, 1).
double RandomUniform();

}  // namespace liveness::common
