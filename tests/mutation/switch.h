// Compiled into a mutated copy of the sources alone: which mutant is on, and whose places a run has come by.
#pragma once

// A fault that looks into an empty pointer, optional or vector is noticed by that.
#define _GLIBCXX_ASSERTIONS 1

#include <cstdio>
#include <cstdlib>
#include <type_traits>

namespace liveness_mutation {

inline constexpr int kMost = 1 << 15;
inline unsigned char reached[kMost];

// Adds a line of numbers to the file that LIVENESS_MUTANTS_REACHED names.
inline void TellReached() {
  std::FILE* const file = std::fopen(std::getenv("LIVENESS_MUTANTS_REACHED"), "a");
  if (file == nullptr) return;
  for (int n = 0; n < kMost; ++n) {
    if (reached[n] != 0) std::fprintf(file, "%d ", n);
  }
  std::fclose(file);
}

inline int Chosen() {
  if (std::getenv("LIVENESS_MUTANTS_REACHED") != nullptr) std::atexit(TellReached);
  const char* const number = std::getenv("LIVENESS_MUTANT");
  return number == nullptr ? 0 : std::atoi(number);
}

// 0 is none: what runs before it is read is as it was.
inline int chosen = Chosen();

constexpr bool Is(int number) {
  if (std::is_constant_evaluated()) return false;
  reached[number] = 1;
  return number == chosen;
}

}  // namespace liveness_mutation
