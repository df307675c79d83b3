// Compiled into a mutated copy of the sources alone: which mutant is on, and whose places a run has come by.
#pragma once

// A fault that looks into an empty pointer, optional or vector is noticed by that.
#define _GLIBCXX_ASSERTIONS 1

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <type_traits>

namespace liveness_mutation {

inline constexpr int kMost = 1 << 15;
// A byte for each number.
inline unsigned char reached_before[kMost];
inline constinit unsigned char* reached = reached_before;

// From now on the bytes are those of a file of this process, so that one that is killed has told too.
inline void TellReached(const std::string& path) {
  const int fd = open((path + "." + std::to_string(getpid())).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, kMost) != 0) return;
  void* const bytes = mmap(nullptr, kMost, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (bytes == MAP_FAILED) return;
  reached = std::copy_n(reached_before, kMost, static_cast<unsigned char*>(bytes)) - kMost;
}

inline int Chosen() {
  if (const char* const path = std::getenv("LIVENESS_MUTANTS_REACHED")) TellReached(path);
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
