// Closes the file descriptor that it is given. Header only. Not thread-safe.
#pragma once

#include <unistd.h>

namespace liveness::common {

class Descriptor {
 public:
  // Owns `fd`; below zero: nothing.
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }

 private:
  const int fd_;
};

}  // namespace liveness::common
