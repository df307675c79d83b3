#include "server/app/data_dir_access.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace liveness::app {
namespace {

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;
// Of files that a livenessd writes into its data directory.
constexpr std::string_view kOurs[] = {"lock", "liveness.db", "incidents"};
// Of a file system whose root is the data directory.
constexpr std::string_view kOfTheDisk = "lost+found";

absl::Status Refuse(const std::string& dir, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("--data-dir=", dir, ": ", why));
}

std::string Bits(mode_t mode) { return absl::StrFormat("%04o", mode & 07777); }

bool IsInGroup(gid_t group) {
  if (group == getegid()) return true;
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(getgroups(0, nullptr), 0)));
  if (!groups.empty() && getgroups(static_cast<int>(groups.size()), groups.data()) < 0) return false;
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

bool IsOurs(const std::string& name) {
  return std::any_of(std::begin(kOurs), std::end(kOurs),
                     [&name](std::string_view ours) { return name.starts_with(ours); });
}

struct Contents {
  std::vector<std::string> ours;  // paths
  bool others = false;            // there is something else
};

Contents Look(const std::string& dir) {
  Contents contents;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(dir, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (IsOurs(name)) {
      contents.ours.push_back(entry->path().string());
    } else if (name != kOfTheDisk) {
      contents.others = true;
    }
  }
  return contents;
}

// Files of ours alone: a link may lead anywhere.
void TightenFiles(const std::vector<std::string>& files, std::vector<std::string>& notes) {
  for (const std::string& file : files) {
    struct stat is {};
    if (lstat(file.c_str(), &is) != 0 || !S_ISREG(is.st_mode) || is.st_uid != geteuid()) continue;
    if ((is.st_mode & kOthers) == 0 || chmod(file.c_str(), S_IRUSR | S_IWUSR) != 0) continue;
    notes.push_back(absl::StrCat(file, " was open to others (", Bits(is.st_mode), "): it is 0600 now"));
  }
}

// What a directory of another user's lets others do.
absl::Status CheckForeign(const std::string& dir, const struct stat& is) {
  const bool by_group = (is.st_mode & S_IWGRP) != 0 && !IsInGroup(is.st_gid);
  if ((is.st_mode & S_IWOTH) == 0 && !by_group) return absl::OkStatus();
  return Refuse(dir, absl::StrCat("it is another user's, and others may write to it (", Bits(is.st_mode),
                                  "); give it to this user, or chmod it"));
}

// Those of `files` with one of the `bits`, a line each.
std::vector<std::string> FindOpen(const std::vector<std::string>& files, mode_t bits, const char* how,
                                  const char* mend) {
  std::vector<std::string> notes;
  for (const std::string& file : files) {
    struct stat is {};
    if (file.empty() || stat(file.c_str(), &is) != 0 || (is.st_mode & bits) == 0) continue;
    notes.push_back(absl::StrCat(file, " ", how, " (", Bits(is.st_mode), "): ", mend));
  }
  return notes;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> MakeDataDirPrivate(const std::string& dir) {
  std::vector<std::string> notes;
  std::filesystem::path path(dir);
  if (!path.has_filename()) path = path.parent_path();  // DIR/
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (error) return Refuse(dir, error.message());
  if (mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) return Refuse(dir, std::strerror(errno));

  struct stat is {};
  if (stat(path.c_str(), &is) != 0) return Refuse(dir, std::strerror(errno));
  if (!S_ISDIR(is.st_mode)) return Refuse(dir, "Not a directory");
  if ((is.st_mode & S_ISVTX) != 0 && (is.st_mode & S_IWOTH) != 0) {
    return Refuse(dir, "it is for all users; name a directory in it");
  }
  if (is.st_uid != geteuid()) {
    if (absl::Status good = CheckForeign(dir, is); !good.ok()) return good;
    TightenFiles(Look(dir).ours, notes);
    return notes;
  }
  const Contents contents = Look(dir);
  if ((is.st_mode & kOthers) != 0) {
    if (contents.ours.empty() && contents.others) {
      return Refuse(dir,
                    absl::StrCat("others may look into it (", Bits(is.st_mode),
                                 "), and what lies in it is no server's; name a directory of its own, or "
                                 "chmod 700 it"));
    }
    if (chmod(path.c_str(), S_IRWXU) != 0) return Refuse(dir, std::strerror(errno));
    notes.push_back(absl::StrCat(dir, " was open to others (", Bits(is.st_mode), "): it is 0700 now"));
  }
  TightenFiles(contents.ours, notes);
  return notes;
}

std::vector<std::string> FindExposedSecrets(const std::vector<std::string>& files) {
  return FindOpen(files, S_IROTH | S_IWOTH | S_IWGRP, "holds a secret and is open to others",
                  "chmod 600 it, and change the secret");
}

std::vector<std::string> FindForgeable(const std::vector<std::string>& files) {
  return FindOpen(files, S_IWOTH, "says who is let in and all may write to it",
                  "chmod o-w it, and read it again");
}

}  // namespace liveness::app
