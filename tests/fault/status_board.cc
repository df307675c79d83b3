#include "tests/fault/status_board.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "common/clock.h"

namespace liveness::fault {

std::int64_t MonoNanos() { return common::SystemClock().Mono().time_since_epoch().count(); }

Slot* MapBoard(const std::string& path, std::size_t count) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const std::size_t bytes = count * sizeof(Slot);
  if (fd < 0 || ftruncate(fd, static_cast<off_t>(bytes)) != 0) {
    std::perror(path.c_str());
    std::exit(1);
  }
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (memory == MAP_FAILED) {
    std::perror("mmap");
    std::exit(1);
  }
  return static_cast<Slot*>(memory);  // a new file's zeros are empty slots
}

}  // namespace liveness::fault
