#include "common/toml/toml_depth.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/strings.h"

namespace liveness::common {
namespace {

// Goes over the text as TOML divides it: quoted texts, comments, lines, and what is between.
class Walk {
 public:
  explicit Walk(std::string_view text) : rest_(text) {}

  std::optional<TomlError> Run() {
    while (!rest_.empty()) {
      switch (rest_.front()) {
        case '\n': EndLine(); continue;
        case '#': SkipComment(); continue;
        case '"':
        case '\'': SkipQuoted(); continue;
        case '.':
          if (++dots_ >= kMaxTomlKeyParts) {
            return Error(StrCat("a key has more than ", kMaxTomlKeyParts, " parts"));
          }
          break;
        case '[':
        case '{':
          dots_ = 0;
          if (++nesting_ == 1) in_header_ = at_begin_;
          if (nesting_ > kMaxTomlNesting) {
            return Error(StrCat("values are nested deeper than ", kMaxTomlNesting, " levels"));
          }
          break;
        case ']':
        case '}':
          dots_ = 0;
          if (nesting_ != 0) --nesting_;
          break;
        case '=':
        case ',': dots_ = 0; break;
        default: break;
      }
      if (rest_.front() != ' ' && rest_.front() != '\t') at_begin_ = false;
      Skip(1);
    }
    return std::nullopt;
  }

 private:
  TomlError Error(std::string text) const { return {line_, column_, std::move(text)}; }

  void Skip(std::size_t bytes) {
    for (const char each : rest_.substr(0, bytes)) {
      // A character counts by its first byte.
      if ((static_cast<unsigned char>(each) & 0xC0U) != 0x80U) ++column_;
    }
    rest_.remove_prefix(bytes);
  }

  // A header ends with its line; an array may go over many.
  void EndLine() {
    rest_.remove_prefix(1);
    ++line_;
    column_ = 1;
    dots_ = 0;
    if (in_header_) nesting_ = 0;
    in_header_ = false;
    at_begin_ = nesting_ == 0;
  }

  void SkipComment() { Skip(std::min(rest_.find('\n'), rest_.size())); }

  // To the quote that closes it; a text of one line ends with the line as well.
  void SkipQuoted() {
    at_begin_ = false;
    const char quote = rest_.front();
    const bool escapes = quote == '"';
    const std::string_view mark = quote == '"' ? R"(""")" : "'''";
    const bool many_lines = rest_.starts_with(mark);
    const std::string_view end = many_lines ? mark : mark.substr(0, 1);
    Skip(end.size());
    while (!rest_.empty() && !rest_.starts_with(end)) {
      if (rest_.front() == '\n') {
        if (!many_lines) return;
        rest_.remove_prefix(1);
        ++line_;
        column_ = 1;
      } else {
        const bool pair = escapes && rest_.front() == '\\' && rest_.size() > 1 && rest_[1] != '\n';
        Skip(pair ? 2 : 1);
      }
    }
    Skip(std::min(end.size(), rest_.size()));
  }

  std::string_view rest_;
  std::size_t line_ = 1, column_ = 1;
  std::size_t dots_ = 0;  // of the key, or number, that the walk is at
  std::size_t nesting_ = 0;
  bool at_begin_ = true;    // of a line, outside of all values
  bool in_header_ = false;  // `[table]`
};

}  // namespace

std::optional<TomlError> FindTooDeep(std::string_view text) { return Walk(text).Run(); }

}  // namespace liveness::common
