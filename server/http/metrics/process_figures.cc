#include "server/http/metrics/process_figures.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace liveness::http {
namespace {

constexpr char kDescriptors[] = "/proc/self/fd";

std::int64_t CountDescriptors() {
  struct stat status {};
  // Since Linux 6.2 the size of the folder is their number.
  if (stat(kDescriptors, &status) == 0 && status.st_size > 0) return status.st_size;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(kDescriptors), closedir);
  if (folder == nullptr) return 0;
  std::int64_t count = -3;  // `.`, `..`, and the descriptor of the look itself
  while (readdir(folder.get()) != nullptr) ++count;
  return count;
}

}  // namespace

std::optional<ProcessFigures> ParseProcessStat(std::string_view text, std::int64_t ticks_per_second,
                                               std::int64_t page_bytes) {
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  std::istringstream rest{std::string(text.substr(name_end + 1))};
  const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
  // proc(5) counts from 1 and the name is the second: its field N is fields[N - 3].
  if (fields.size() < 22) return std::nullopt;
  const auto field = [&fields](std::size_t number) {
    return std::strtoll(fields[number - 3].c_str(), nullptr, 10);
  };
  return ProcessFigures{
      .cpu_seconds = static_cast<double>(field(14) + field(15)) / static_cast<double>(ticks_per_second),
      .threads = field(20),
      .virtual_bytes = field(23),
      .resident_bytes = field(24) * page_bytes};
}

std::optional<ProcessFigures> ReadProcessFigures() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto figures = ParseProcessStat(text, sysconf(_SC_CLK_TCK), sysconf(_SC_PAGESIZE));
  if (!figures) return std::nullopt;
  figures->open_fds = CountDescriptors();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    figures->max_fds = limit.rlim_cur > static_cast<rlim_t>(kMost)
                           ? kMost  // no limit
                           : static_cast<std::int64_t>(limit.rlim_cur);
  }
  return figures;
}

}  // namespace liveness::http
