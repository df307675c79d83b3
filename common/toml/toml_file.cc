// toml++ is compiled here.
#define TOML_IMPLEMENTATION
#include "common/toml/toml_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <sstream>
#include <utility>

#include "common/files/descriptor.h"
#include "common/strings.h"
#include "common/toml/toml_depth.h"
#include "common/utf8.h"

namespace liveness::common {
namespace {

constexpr std::string_view kWhile = "Error while parsing ";
constexpr std::string_view kTwice = "cannot redefine existing ";

// What toml++ was reading when it met a text that has no quotes: `250ms`, `127.0.0.1:7700`, `batch`.
constexpr std::string_view kUnquoted[] = {
    "decimal integer:", "floating-point:", "time:", "date:", "date-time:", "boolean:", "value:"};

// The words of toml++ as a part of a sentence, and what people run into most said plainly. It quotes what it
// read, whatever that is.
std::string PlainWords(std::string_view words) {
  if (!words.starts_with(kWhile)) return PlainLine(words);
  words.remove_prefix(kWhile.size());
  const auto twice = words.find(kTwice);
  if (twice != std::string_view::npos) {
    // `integer 'a'`, `table 'a' as array`
    const auto begin = words.find('\'', twice), end = words.rfind('\'');
    if (begin < end)
      return PlainLine(StrCat("key ", words.substr(begin, end + 1 - begin), " is given twice"));
  }
  std::string plain(words);
  for (const std::string_view kind : kUnquoted) {
    if (words.starts_with(kind)) plain += "; texts and durations stand in quotes";
  }
  return PlainLine(plain);
}

std::vector<TomlError> Whole(std::string text) { return {{0, 0, std::move(text)}}; }

}  // namespace

TomlFile ParseToml(std::string_view text) {
  if (auto too_deep = FindTooDeep(text)) return {{}, {*std::move(too_deep)}};
  toml::parse_result parsed = toml::parse(text);
  if (parsed) return {std::move(parsed).table(), {}};
  const toml::parse_error& error = parsed.error();
  return {{}, {{error.source().begin.line, error.source().begin.column, PlainWords(error.description())}}};
}

TomlFile ReadTomlFile(const std::string& path) {
  // Without O_NONBLOCK a pipe that nobody writes to would be waited for.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat facts {};
  if (file.get() < 0 || fstat(file.get(), &facts) != 0) {
    return {{}, Whole(StrCat("cannot be read: ", std::strerror(errno)))};
  }
  if (S_ISDIR(facts.st_mode)) return {{}, Whole("is a directory, not a file")};
  if (!S_ISREG(facts.st_mode)) return {{}, Whole("is not a regular file")};
  std::string text(kMaxTomlBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {{}, Whole(StrCat("cannot be read: ", std::strerror(errno)))};
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxTomlBytes) return {{}, Whole("is longer than 1 MiB, which no configuration is")};
  return ParseToml(std::string_view(text).substr(0, size));
}

std::string TomlText(std::string_view text) {
  const toml::value<std::string> value(text);
  std::ostringstream out;
  out << toml::toml_formatter{value, toml::format_flags::none};
  return out.str();
}

}  // namespace liveness::common
