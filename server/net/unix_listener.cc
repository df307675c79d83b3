#include "server/net/unix_listener.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/net/listen_address.h"

namespace liveness::net {
namespace {

std::string TextOf(const std::string& path) { return std::string(kUnixPrefix) + path; }

absl::Status Failed(const std::string& path, const char* what, int error) {
  return absl::InternalError(absl::StrCat("cannot listen on ", TextOf(path), ": ", what, ": ",
                                          std::strerror(error), "; see --listen"));
}

// Another server that starts holds the lock for an instant; somebody who holds it longer does not keep us.
constexpr int kLockTries = 50;
constexpr int kLockPauseMs = 10;

// Holds the lock on a file's directory; a directory that cannot be opened is not locked,
// and what is done there fails with the better word.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    fd_ = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; fd_ >= 0 && i < kLockTries && flock(fd_, LOCK_EX | LOCK_NB) != 0; ++i) {
      (void)poll(nullptr, 0, kLockPauseMs);
    }
  }
  ~DirectoryLock() {
    if (fd_ >= 0) close(fd_);
  }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int fd_ = -1;
};

// Removes the file if it is a socket on which nobody listens.
absl::Status RemoveLeftOver(const std::string& path, const sockaddr_un& address) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) {
    return errno == ENOENT ? absl::OkStatus() : Failed(path, "lstat", errno);
  }
  if (!S_ISSOCK(found.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat("cannot listen on ", TextOf(path),
                                                      ": the file is there and is no socket; see --listen"));
  }
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return Failed(path, "socket", errno);
  const bool answered = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  const int error = answered ? 0 : errno;
  close(probe);
  if (answered || error == EAGAIN) {  // EAGAIN: its queue is full
    return absl::AlreadyExistsError(
        absl::StrCat("cannot listen on ", TextOf(path),
                     ": it is in use; stop the process that has it (ss -lxp shows "
                     "which), or choose another with --listen=unix:PATH"));
  }
  if (error != ECONNREFUSED) return Failed(path, "connect", error);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Failed(path, "unlink", errno);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ListenSocket> ListenOnUnix(const std::string& path, mode_t mode, int backlog) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat(TextOf(path), ": no path that a socket can have"));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);

  const DirectoryLock lock(path);
  if (absl::Status free = RemoveLeftOver(path, address); !free.ok()) return free;
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return Failed(path, "socket", errno);
  ListenSocket listening(fd, TextOf(path));
  // The file takes its bits from the socket, less the umask: never wider than asked for,
  // not even between the next two calls.
  if (fchmod(fd, mode) != 0) return Failed(path, "fchmod", errno);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return Failed(path, "bind", errno);
  }
  struct stat bound {};
  if (lstat(path.c_str(), &bound) != 0) return Failed(path, "lstat", errno);
  listening.Owns({path, bound.st_dev, bound.st_ino});
  if (chmod(path.c_str(), mode) != 0) return Failed(path, "chmod", errno);
  if (listen(fd, backlog) != 0) return Failed(path, "listen", errno);
  return listening;
}

}  // namespace liveness::net
