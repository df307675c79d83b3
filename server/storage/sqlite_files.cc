#include "server/storage/sqlite_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>

#include "common/strings.h"

namespace liveness::storage {
namespace {

absl::Status SystemError(const std::string& path, int error) {
  return absl::UnavailableError(common::StrCat(path, ": ", std::strerror(error)));
}

std::string UtcStamp(common::WallTime now) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &utc);
  return text;
}

}  // namespace

absl::Status PrepareFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return SystemError(path, errno);
  const int failed = fchmod(fd, S_IRUSR | S_IWUSR);
  const int error = errno;
  close(fd);
  return failed == 0 ? absl::OkStatus() : SystemError(path, error);
}

absl::StatusOr<std::string> FileIdentity(const std::string& path) {
  struct statx facts {};
  if (statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &facts) != 0) return SystemError(path, errno);
  std::string identity = std::to_string(facts.stx_ino);
  if ((facts.stx_mask & STATX_BTIME) != 0) {
    identity = common::StrCat(identity, " ", facts.stx_btime.tv_sec, ".", facts.stx_btime.tv_nsec);
  }
  return identity;
}

absl::StatusOr<std::string> SetAside(const std::string& path, common::WallTime now) {
  const std::string wanted = common::StrCat(path, ".corrupt-", UtcStamp(now));
  std::string aside = wanted;
  std::error_code error;
  for (int n = 2; std::filesystem::exists(aside, error); ++n) aside = common::StrCat(wanted, "-", n);
  // The database first: what is left of it after a crash in between is found by HasLostItsDatabase.
  for (const char* suffix : {"", "-wal", "-shm"}) {
    if (std::rename((path + suffix).c_str(), (aside + suffix).c_str()) != 0 && errno != ENOENT) {
      return SystemError(path + suffix, errno);
    }
  }
  return aside;
}

bool HasLostItsDatabase(const std::string& path) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(path, missing);
  if (!missing && size != 0) return false;
  std::error_code no_log;
  return std::filesystem::file_size(path + "-wal", no_log) != 0 && !no_log;
}

}  // namespace liveness::storage
