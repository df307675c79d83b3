// A server under all that happens to one, for as long as asked: ./dev soak.
//
//   soak [--minutes=10]
//
// Beside each other: steady clients that nobody may suspect; others that come, leave, die and fall silent,
// and must be found; viewers, and watchers that never read; attackers of every kind; and faults, which stop
// the server, kill it and start it again. Fails on a wrong word of the server's (follower.h), on a silence
// that is not found, on growth of memory, descriptors or threads (trend.h). Prints what was done and what it
// came to.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/soak/world.h"

int main(int argc, char** argv) {
  double minutes = 10;
  const std::string word = argc == 2 ? argv[1] : "";
  if (word.starts_with("--minutes=")) minutes = std::atof(word.c_str() + 10);
  if (argc > 2 || (argc == 2 && minutes <= 0) || (argc == 2 && !word.starts_with("--minutes="))) {
    std::fprintf(stderr, "usage: soak [--minutes=N]\n");
    return 2;
  }
  liveness::soak::World world(std::chrono::duration<double>(minutes * 60));
  return world.Run() ? 0 : 1;
}
