// Runs a target without libFuzzer: its seeds, then drawn mutations of them, the same ones each time.
//
//   filter_fuzz [N]       with N mutations, 20,000 by default
//   filter_fuzz FILE...   with what lies in the files alone, e.g. what libFuzzer found
//
// An input that ends the process is written to stderr in hex before that, by Abort().
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "tests/simulation/random.h"

namespace {

using liveness::simulation::Random;

constexpr std::uint64_t kSeed = 1;
constexpr int kMutations = 20'000;
constexpr std::size_t kMaxBytes = 4'096;

std::string_view g_input;

void Abort(int) {
  std::fputs("input in hex: ", stderr);
  for (const char byte : g_input) std::fprintf(stderr, "%02x", static_cast<unsigned char>(byte));
  std::fputc('\n', stderr);
  std::_Exit(1);
}

void Run(std::string_view input) {
  g_input = input;
  liveness::fuzz::Try(input);
}

// One change: a byte flipped, drawn, left out or doubled, or a piece of another seed put in.
void Mutate(std::string& input, const std::vector<std::string>& seeds, Random& random) {
  const std::size_t at = input.empty() ? 0 : random.Below(input.size());
  switch (random.Below(5)) {
    case 0:
      if (!input.empty()) input[at] = static_cast<char>(input[at] ^ (1 << random.Below(8)));
      break;
    case 1:
      if (!input.empty()) input[at] = static_cast<char>(random.Below(256));
      break;
    case 2: input.erase(at, 1 + random.Below(8)); break;
    case 3: input.insert(at, input.substr(at, 1 + random.Below(16))); break;
    default: {
      const std::string& other = seeds[random.Below(seeds.size())];
      const std::size_t from = other.empty() ? 0 : random.Below(other.size());
      input.insert(at, other.substr(from, 1 + random.Below(32)));
    }
  }
  input.resize(std::min(input.size(), kMaxBytes));
}

int RunFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s cannot be read\n", path);
    return 2;
  }
  Run(std::string(std::istreambuf_iterator<char>(file), {}));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGABRT, Abort);
  char* end = nullptr;
  const long mutations = argc == 2 ? std::strtol(argv[1], &end, 10) : kMutations;
  if (argc > 2 || (end != nullptr && *end != '\0')) {
    for (int i = 1; i < argc; ++i) {
      if (const int failed = RunFile(argv[i]); failed != 0) return failed;
    }
    return 0;
  }
  const std::vector<std::string> seeds = liveness::fuzz::Seeds();
  for (const std::string& seed : seeds) Run(seed);
  Random random(kSeed);
  for (long i = 0; i < mutations; ++i) {
    std::string input = seeds[random.Below(seeds.size())];
    for (std::uint64_t changes = 1 + random.Below(4); changes > 0; --changes) Mutate(input, seeds, random);
    Run(input);
  }
  std::printf("%zu seeds, %ld mutations\n", seeds.size(), mutations);
}
