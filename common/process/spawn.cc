#include "common/process/spawn.h"

#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace liveness::common {
namespace {

// posix_spawn takes the texts of others as its own, and does not change them.
std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& each : texts) pointers.push_back(const_cast<char*>(each.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

class Setup {
 public:
  explicit Setup(const SpawnOptions& options) {
    posix_spawn_file_actions_init(&files_);
    const int given[] = {options.input, options.output, options.error};
    for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; ++standard) {
      if (given[standard] >= 0) posix_spawn_file_actions_adddup2(&files_, given[standard], standard);
    }
    posix_spawn_file_actions_addclosefrom_np(&files_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setsigmask(&attributes_, &options.blocked);
    posix_spawnattr_setsigdefault(&attributes_, &options.not_ignored);
  }
  ~Setup() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;

  const posix_spawn_file_actions_t* files() const { return &files_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t files_;
  posix_spawnattr_t attributes_;
};

}  // namespace

int Spawn(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
          const SpawnOptions& options, pid_t& pid) {
  const Setup setup(options);
  return posix_spawnp(&pid, arguments.front().c_str(), setup.files(), setup.attributes(),
                      Pointers(arguments).data(), Pointers(environment).data());
}

// glibc 2.36 declares its function in a way that C++ does not find.
int OpenProcess(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

}  // namespace liveness::common
