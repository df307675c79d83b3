// libFuzzer's way to a target. LIVENESS_FUZZ_SEEDS names a folder that the seeds are written to at the start.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* const folder = std::getenv("LIVENESS_FUZZ_SEEDS");
  if (folder == nullptr) return 0;
  std::size_t number = 0;
  for (const std::string& seed : liveness::fuzz::Seeds()) {
    std::ofstream file(std::filesystem::path(folder) / ("seed-" + std::to_string(number++)),
                       std::ios::binary);
    file << seed;
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  liveness::fuzz::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
