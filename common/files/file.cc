#include "common/files/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/files/descriptor.h"
#include "common/strings.h"

namespace liveness::common {
namespace {

constexpr mode_t kExposed = S_IROTH | S_IWOTH | S_IWGRP;

// Without waiting, because the path may be that of a pipe that nobody writes to.
int Open(const std::string& path) { return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); }

absl::Status Wrong(absl::string_view what) { return absl::InvalidArgumentError(what); }
absl::Status Failed() { return Wrong(std::strerror(errno)); }

absl::StatusOr<std::string> ReadAll(int fd, std::size_t max_bytes) {
  std::string text;
  char buffer[16 * 1024];
  ssize_t count = 0;
  while (text.size() <= max_bytes && (count = read(fd, buffer, sizeof(buffer))) > 0) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  if (count < 0) return Failed();
  if (text.size() > max_bytes) return Wrong(StrCat("has more than ", max_bytes, " bytes"));
  return text;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, std::size_t max_bytes) {
  const Descriptor file(Open(path));
  return file.get() < 0 ? Failed() : ReadAll(file.get(), max_bytes);
}

absl::StatusOr<std::string> ReadSecretFile(const std::string& path, std::size_t max_bytes) {
  const Descriptor file(Open(path));
  struct stat found {};
  if (file.get() < 0 || fstat(file.get(), &found) != 0) return Failed();
  if (!S_ISREG(found.st_mode)) return Wrong("is not a regular file");
  if ((found.st_mode & kExposed) != 0) {
    return Wrong("holds a secret and is open to others: chmod 600 it, and change the secret");
  }
  return ReadAll(file.get(), max_bytes);
}

std::size_t WriteAll(int fd, std::string_view bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t wrote = write(fd, bytes.data() + done, bytes.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) break;
    done += static_cast<std::size_t>(wrote);
  }
  return done;
}

std::string FilePrint(const std::string& path) {
  struct stat found {};
  if (path.empty() || stat(path.c_str(), &found) != 0) return "-";
  return StrCat(found.st_dev, ":", found.st_ino, ":", found.st_mode, ":", found.st_size, ":",
                found.st_mtim.tv_sec, ".", found.st_mtim.tv_nsec, ";");
}

}  // namespace liveness::common
