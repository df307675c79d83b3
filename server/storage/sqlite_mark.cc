#include "server/storage/sqlite_mark.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string_view>

#include "common/strings.h"

namespace liveness::storage {
namespace {

absl::Status Failed(const std::string& path, int error) {
  const std::string words = common::StrCat(path, ": ", std::strerror(error));
  return error == ENOSPC || error == EDQUOT ? absl::ResourceExhaustedError(words)
                                            : absl::UnavailableError(words);
}

// Writes all of it to a new file, and to the disk. 0, or an errno.
int WriteNew(const std::string& path, std::string_view text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return errno;
  int error = 0;
  if (write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) error = ENOSPC;
  if (error == 0 && fsync(fd) != 0) error = errno;
  close(fd);
  return error;
}

void SyncDirectoryOf(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)fsync(fd);
  close(fd);
}

}  // namespace

absl::Status WriteMark(const std::string& path, const std::vector<std::uint64_t>& reserved) {
  const std::string mark = path + "-mark", fresh = mark + ".new";
  std::string text;
  for (const std::uint64_t until : reserved) text += common::StrCat(until, "\n");
  if (const int error = WriteNew(fresh, text); error != 0) return Failed(fresh, error);
  if (std::rename(fresh.c_str(), mark.c_str()) != 0) return Failed(mark, errno);
  SyncDirectoryOf(mark);
  return absl::OkStatus();
}

std::vector<std::uint64_t> ReadMark(const std::string& path) {
  std::ifstream file(path + "-mark");
  std::vector<std::uint64_t> reserved;
  for (std::uint64_t until = 0; file >> until;) reserved.push_back(until);
  return reserved;
}

}  // namespace liveness::storage
