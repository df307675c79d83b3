#include "tests/support/memory.h"

#include <fstream>
#include <string>

#include "tests/support/sanitizer.h"

namespace liveness::testing {

long ResidentMiB(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  while (status >> word) {
    if (word != "VmRSS:") continue;
    long kib = 0;
    status >> kib;
    return kib / 1024;
  }
  return 0;
}

long MayTakeMiB(long mib) {
  if (Sanitizer() == "address") return 3 * mib + 96;
  return Sanitizer() == "thread" ? 6 * mib : mib;
}

}  // namespace liveness::testing
