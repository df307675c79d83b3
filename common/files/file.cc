#include "common/files/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/strings.h"

namespace liveness::common {

namespace {

constexpr mode_t kExposed = S_IROTH | S_IWOTH | S_IWGRP;

// Without waiting, because the path may be that of a pipe that nobody writes to.
int Open(const std::string& path) { return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); }

// Closes `fd`.
absl::StatusOr<std::string> ReadAll(int fd, std::size_t max_bytes) {
  std::string text;
  char buffer[16 * 1024];
  ssize_t count = 0;
  while (text.size() <= max_bytes && (count = read(fd, buffer, sizeof(buffer))) > 0) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  const int error = errno;
  close(fd);
  if (count < 0) return absl::InvalidArgumentError(std::strerror(error));
  if (text.size() > max_bytes)
    return absl::InvalidArgumentError(StrCat("has more than ", max_bytes, " bytes"));
  return text;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, std::size_t max_bytes) {
  const int fd = Open(path);
  if (fd < 0) return absl::InvalidArgumentError(std::strerror(errno));
  return ReadAll(fd, max_bytes);
}

absl::StatusOr<std::string> ReadSecretFile(const std::string& path, std::size_t max_bytes) {
  const int fd = Open(path);
  if (fd < 0) return absl::InvalidArgumentError(std::strerror(errno));
  struct stat found {};
  const char* wrong = nullptr;
  if (fstat(fd, &found) != 0) {
    wrong = std::strerror(errno);
  } else if (!S_ISREG(found.st_mode)) {
    wrong = "is not a regular file";
  } else if ((found.st_mode & kExposed) != 0) {
    wrong = "holds a secret and is open to others: chmod 600 it, and change the secret";
  }
  if (wrong == nullptr) return ReadAll(fd, max_bytes);
  close(fd);
  return absl::InvalidArgumentError(wrong);
}

std::string FilePrint(const std::string& path) {
  struct stat found {};
  if (path.empty() || stat(path.c_str(), &found) != 0) return "-";
  return StrCat(found.st_dev, ":", found.st_ino, ":", found.st_mode, ":", found.st_size, ":",
                found.st_mtim.tv_sec, ".", found.st_mtim.tv_nsec, ";");
}

}  // namespace liveness::common
