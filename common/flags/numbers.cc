#include "common/flags/numbers.h"

#include <cerrno>
#include <cstdlib>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

#include "common/strings.h"

namespace liveness::common {
namespace {

std::optional<std::uint64_t> ReadCount(const std::string& text) {
  // strtoull would take a sign, and spaces before it.
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  char* end = nullptr;
  errno = 0;
  const unsigned long long count = std::strtoull(text.c_str(), &end, 0);
  if (errno != 0 || end != text.c_str() + text.size()) return std::nullopt;
  return count;
}

}  // namespace

CLI::Validator CountBetween(std::uint64_t least, std::uint64_t most) {
  const std::string words = StrCat("must be a whole number from ", least, " to ", most);
  return {[least, most, words](std::string& text) {
            const auto count = ReadCount(text);
            return count && *count >= least && *count <= most ? std::string() : words;
          },
          StrCat("[", least, " - ", most, "]")};
}

CLI::Validator AnyCount() {
  return CountBetween(0, std::numeric_limits<std::int64_t>::max()).description("");
}

CLI::Validator NumberBetween(double least, double most) {
  std::ostringstream range;
  range << least << " to " << most;
  const std::string words = "must be a number from " + range.str();
  return {[least, most, words](std::string& text) {
            double value = 0;
            const bool is_number = CLI::detail::lexical_cast(text, value);
            return is_number && value >= least && value <= most ? std::string() : words;
          },
          "[" + range.str() + "]"};
}

}  // namespace liveness::common
