#include "client/cli/process/descendants.h"

#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <system_error>

namespace liveness::cli {
namespace {

// The parent of the process of `directory` (/proc/7); 0 if the process is gone.
pid_t ParentOf(const std::filesystem::path& directory) {
  std::ifstream file(directory / "stat");
  // Whole, as a name may hold newlines too. If the process ends between open and read, the read fails;
  // getline takes that as an end, where the stream's own iterators would throw.
  std::string stat;
  std::getline(file, stat, '\0');
  // The file says `7 (name) S 1 ...`, where 1 is the parent. A name may hold spaces and parentheses.
  const std::size_t name_end = stat.rfind(')');
  int parent = 0;
  if (name_end == std::string::npos) return 0;
  return std::sscanf(stat.c_str() + name_end, ") %*c %d", &parent) == 1 ? parent : 0;
}

}  // namespace

std::vector<pid_t> Descendants(pid_t root) {
  std::multimap<pid_t, pid_t> children;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    pid_t pid = 0;
    const auto [rest, wrong] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (wrong != std::errc() || rest != name.data() + name.size()) continue;
    children.emplace(ParentOf(entry->path()), pid);
  }
  std::vector<pid_t> found;
  const auto add_children = [&](pid_t parent) {
    const auto [first, last] = children.equal_range(parent);
    for (auto child = first; child != last; ++child) found.push_back(child->second);
  };
  add_children(root);
  for (std::size_t i = 0; i < found.size(); ++i) add_children(pid_t{found[i]});
  return found;
}

int SignalDescendants(int signal) {
  int taken = 0;
  for (const pid_t pid : Descendants(getpid())) taken += kill(pid, signal) == 0 ? 1 : 0;
  return taken;
}

}  // namespace liveness::cli
