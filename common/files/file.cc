#include "common/files/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/strings.h"

namespace liveness::common {

absl::StatusOr<std::string> ReadFile(const std::string& path, std::size_t max_bytes) {
  // Without waiting, because the path may be that of a pipe that nobody writes to.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return absl::InvalidArgumentError(std::strerror(errno));
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

std::string FilePrint(const std::string& path) {
  struct stat found {};
  if (path.empty() || stat(path.c_str(), &found) != 0) return "-";
  return StrCat(found.st_dev, ":", found.st_ino, ":", found.st_size, ":", found.st_mtim.tv_sec, ".",
                found.st_mtim.tv_nsec, ";");
}

}  // namespace liveness::common
