#include "client/cli/process/secret_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/files/descriptor.h"
#include "common/files/file.h"

namespace liveness::cli {
namespace {

constexpr std::size_t kMaxBytes = 64 * 1024;

using common::Descriptor;

absl::Status Failed(const std::string& path, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", why));
}
absl::Status Failed(const std::string& path) { return Failed(path, std::strerror(errno)); }

// So that the new name is there after the power went. A file system that cannot do this has done its best.
void SyncDirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string dir = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor fd(open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() >= 0) (void)fsync(fd.get());
}

// `old`: what it replaces; null: nothing. False: a file came to be there meanwhile.
absl::StatusOr<bool> Put(const std::string& path, const std::string& text, const struct stat* old) {
  std::string made = path + ".XXXXXX";
  const Descriptor fd(mkostemp(made.data(), O_CLOEXEC));  // 0600
  if (fd.get() < 0) return Failed(path);
  bool done = common::WriteAll(fd.get(), text) == text.size();
  if (done && old != nullptr) {
    struct stat is {};
    done = fstat(fd.get(), &is) == 0 &&
           ((is.st_uid == old->st_uid && is.st_gid == old->st_gid) ||
            fchown(fd.get(), old->st_uid, old->st_gid) == 0) &&
           fchmod(fd.get(), old->st_mode & 07777) == 0;
  }
  done = done && fsync(fd.get()) == 0;
  // A link, unlike a rename, does not replace what somebody else has just made.
  if (done)
    done = (old != nullptr ? rename(made.c_str(), path.c_str()) : link(made.c_str(), path.c_str())) == 0;
  const int error = errno;
  if (!done || old == nullptr) unlink(made.c_str());
  if (!done && old == nullptr && error == EEXIST) return false;
  if (!done) return Failed(path, std::strerror(error));
  SyncDirectoryOf(path);
  return true;
}

// False: the file is another one by now.
absl::StatusOr<bool> TryChange(const std::string& path, SecretChange change) {
  // Without O_NONBLOCK a pipe that nobody writes to would be waited for.
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (fd.get() < 0 && errno == ENOENT) {
    const absl::StatusOr<std::string> text = change(std::nullopt);
    return text.ok() ? Put(path, *text, nullptr) : Failed(path, text.status().message());
  }
  if (fd.get() < 0 && errno == ELOOP) return Failed(path, "is a link: name the file itself");
  struct stat locked {
  }, named{};
  if (fd.get() < 0 || fstat(fd.get(), &locked) != 0) return Failed(path);
  if (!S_ISREG(locked.st_mode)) return Failed(path, "is not a regular file");
  if (flock(fd.get(), LOCK_EX) != 0) return Failed(path);
  // Whoever had the lock before has put another file there.
  if (lstat(path.c_str(), &named) != 0 || named.st_dev != locked.st_dev || named.st_ino != locked.st_ino)
    return false;
  const absl::StatusOr<std::string> old = common::ReadSecretFile(path, kMaxBytes);
  if (!old.ok()) return Failed(path, old.status().message());
  const absl::StatusOr<std::string> text = change(*old);
  return text.ok() ? Put(path, *text, &named) : Failed(path, text.status().message());
}

}  // namespace

absl::Status ChangeSecretFile(const std::string& path, SecretChange change) {
  while (true) {
    const absl::StatusOr<bool> done = TryChange(path, change);
    if (!done.ok() || *done) return done.status();
  }
}

}  // namespace liveness::cli
