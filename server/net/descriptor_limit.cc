#include "server/net/descriptor_limit.h"

#include <dirent.h>
#include <sys/resource.h>

#include <algorithm>

namespace liveness::net {
namespace {

constexpr std::size_t kLeastReserve = 40;
constexpr std::size_t kMostReserve = 1024;

}  // namespace

std::size_t DescriptorLimit() {
  rlimit files{};
  return getrlimit(RLIMIT_NOFILE, &files) == 0 ? static_cast<std::size_t>(files.rlim_cur) : 0;
}

std::size_t OpenDescriptors() {
  DIR* const directory = opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  std::size_t count = 0;
  while (const dirent* entry = readdir(directory)) count += entry->d_name[0] != '.' ? 1 : 0;
  closedir(directory);
  return count - std::min<std::size_t>(count, 1);  // the directory's own
}

std::size_t ConnectionsWithin(std::size_t limit, std::size_t open) {
  const std::size_t reserve = std::clamp(limit / 8, kLeastReserve, kMostReserve);
  return limit > open + reserve ? limit - open - reserve : 0;
}

}  // namespace liveness::net
