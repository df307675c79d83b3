#include "server/app/data_dir_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace liveness::app {
namespace {

std::string Holder(int fd) {
  char text[32] = "";
  if (pread(fd, text, sizeof(text) - 1, 0) <= 0) return "";
  return absl::StrCat(" (process ", absl::StripSuffix(text, "\n"), ")");
}

}  // namespace

absl::StatusOr<std::unique_ptr<DataDirLock>> DataDirLock::Take(const std::string& dir) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return absl::InvalidArgumentError(absl::StrCat("--data-dir=", dir, ": ", error.message()));
  const std::string path = dir + "/lock";
  // Its owner's alone, as all in the directory; also one that an earlier version made.
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd >= 0) (void)fchmod(fd, S_IRUSR | S_IWUSR);
  if (fd < 0) return absl::InvalidArgumentError(absl::StrCat("--data-dir=", dir, ": ", std::strerror(errno)));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const std::string holder = Holder(fd);
    close(fd);
    return absl::FailedPreconditionError(
        absl::StrCat("--data-dir=", dir, ": another livenessd", holder,
                     " uses it; stop that one, or give this one a directory of its own"));
  }
  const std::string pid = absl::StrCat(getpid(), "\n");
  // Only for people: if it cannot be written, the lock holds all the same.
  if (ftruncate(fd, 0) == 0) (void)!pwrite(fd, pid.data(), pid.size(), 0);
  return std::unique_ptr<DataDirLock>(new DataDirLock(fd));
}

DataDirLock::~DataDirLock() { close(fd_); }

}  // namespace liveness::app
