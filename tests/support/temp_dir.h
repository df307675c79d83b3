// A directory of the test's own, gone with it. Header only.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace liveness::testing {

class TempDir {
 public:
  enum class On {
    kDisk,
    kMemory,  // where there is such a file system: a sync costs nothing there
  };
  explicit TempDir(On on = On::kDisk) {
    std::filesystem::path parent = std::filesystem::temp_directory_path();
    if (on == On::kMemory && HasRoom("/dev/shm")) parent = "/dev/shm";
    std::string name = (parent / "liveness-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data()) == nullptr ? "" : name;
  }
  ~TempDir() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  // A container gives it 64 MiB by default: less than an etcd takes to begin with.
  static bool HasRoom(const char* directory) {
    constexpr std::uintmax_t kEnough = std::uintmax_t{1} << 30;
    std::error_code error;
    const auto space = std::filesystem::space(directory, error);
    return !error && space.available >= kEnough && ::access(directory, W_OK) == 0;
  }

  std::filesystem::path path_;
};

}  // namespace liveness::testing
