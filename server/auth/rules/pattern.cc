#include "server/auth/rules/pattern.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "common/strings.h"
#include "server/core/record/principal_types.h"

namespace liveness::auth {
namespace {

absl::Status Wrong(std::string_view why) { return absl::InvalidArgumentError(common::ToAbsl(why)); }

bool IsName(std::string_view text) {
  return !text.empty() && absl::ascii_isalpha(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

// Takes the `*` at the end of `text` off.
bool TakeStar(std::string_view& text) {
  if (!text.ends_with('*')) return false;
  text.remove_suffix(1);
  return true;
}

// What stands for `value` within quotes.
std::string Quoted(std::string_view value) {
  std::string quoted;
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == '*') quoted += '\\';
    quoted += c;
  }
  return quoted;
}

}  // namespace

absl::StatusOr<Template> Template::Parse(std::string_view text) {
  Template made;
  made.text_ = text;
  while (!text.empty()) {
    const std::size_t brace = std::min(text.find_first_of("{}"), text.size());
    if (brace > 0) made.parts_.push_back({false, std::string(text.substr(0, brace))});
    text.remove_prefix(brace);
    if (text.empty()) break;
    const std::size_t end = text.find('}');
    if (text.front() == '}' || end == std::string_view::npos) return Wrong("has a brace without its other");
    const std::string_view name = text.substr(1, end - 1);
    if (!IsName(name)) return Wrong("has braces around what is no name of letters, digits and _");
    made.parts_.push_back({true, std::string(name)});
    text.remove_prefix(end + 1);
  }
  return made;
}

std::vector<std::string> Template::Names() const {
  std::vector<std::string> names;
  for (const Part& part : parts_) {
    if (part.is_name) names.push_back(part.text);
  }
  return names;
}

// --- Principals --------------------------------------------------------------

absl::StatusOr<PrincipalPattern> PrincipalPattern::Parse(std::string_view text) {
  std::string_view body = text;
  const bool open = TakeStar(body);
  absl::StatusOr<Template> base = Template::Parse(body);
  if (!base.ok()) return base.status();
  PrincipalPattern pattern(*std::move(base));
  pattern.text_ = text;
  pattern.open_ = open;
  if (text == "*" || text == "anonymous") {
    pattern.kind_ = text == "*" ? Kind::kAnybody : Kind::kAnonymous;
    return pattern;
  }
  if (body.find('*') != std::string_view::npos) return Wrong("has a * that is not at its end");
  const auto has_type = [&](std::string_view type) { return body.starts_with(type); };
  if (std::none_of(core::kPrincipalTypes.begin(), core::kPrincipalTypes.end(), has_type)) {
    return Wrong("begins with none of spiffe://, dns:, cn:, token: and unix:, nor is it * or anonymous");
  }
  if (body.starts_with(core::kDnsType)) pattern.separator_ = '.';
  for (std::size_t i = 0; i + 1 < pattern.parts_.size(); ++i) {
    if (!pattern.parts_[i].is_name) continue;
    const Part& next = pattern.parts_[i + 1];
    if (next.is_name || next.text.front() != pattern.separator_) {
      return Wrong(common::StrCat("{", pattern.parts_[i].text, "} is a whole part: it ends at a ",
                                  std::string(1, pattern.separator_), " or at the end"));
    }
  }
  if (open && !pattern.parts_.empty() && pattern.parts_.back().is_name) {
    return Wrong("has a * behind a part");
  }
  std::vector<std::string> names = pattern.Names();
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(names.begin(), names.end()) != names.end()) return Wrong("names a part twice");
  return pattern;
}

std::optional<Captures> PrincipalPattern::Match(std::string_view principal) const {
  if (kind_ == Kind::kAnonymous)
    return principal.empty() ? std::optional<Captures>(Captures()) : std::nullopt;
  if (principal.empty()) return std::nullopt;
  Captures captures;
  if (kind_ == Kind::kAnybody) return captures;
  for (const Part& part : parts_) {
    if (!part.is_name) {
      if (!principal.starts_with(part.text)) return std::nullopt;
      principal.remove_prefix(part.text.size());
      continue;
    }
    const std::size_t end = std::min(principal.find(separator_), principal.size());
    if (end == 0) return std::nullopt;
    captures.emplace(part.text, principal.substr(0, end));
    principal.remove_prefix(end);
  }
  if (!principal.empty() && !open_) return std::nullopt;
  return captures;
}

// --- Ids ---------------------------------------------------------------------

absl::StatusOr<IdPattern> IdPattern::Parse(std::string_view text) {
  std::string_view body = text;
  const bool open = TakeStar(body);
  if (text.empty()) return Wrong("is empty");
  if (body.find('*') != std::string_view::npos) return Wrong("has a * that is not at its end");
  absl::StatusOr<Template> base = Template::Parse(body);
  if (!base.ok()) return base.status();
  IdPattern pattern(*std::move(base));
  pattern.text_ = text;
  pattern.open_ = open;
  return pattern;
}

bool IdPattern::Matches(std::string_view id, const Captures& captures) const {
  for (const Part& part : parts_) {
    const std::string& text = part.is_name ? captures.find(part.text)->second : part.text;
    if (!id.starts_with(text)) return false;
    id.remove_prefix(text.size());
  }
  return id.empty() || open_;
}

// --- Filters -----------------------------------------------------------------

absl::StatusOr<FilterTemplate> FilterTemplate::Parse(std::string_view text) {
  absl::StatusOr<Template> base = Template::Parse(text);
  if (!base.ok()) return base.status();
  FilterTemplate filter(*std::move(base));
  char quote = 0;  // the one that is open
  for (const Part& part : filter.parts_) {
    if (part.is_name) {
      if (quote != '"') return Wrong(common::StrCat("{", part.text, "} must stand within \" quotes"));
      continue;
    }
    for (std::size_t i = 0; i < part.text.size(); ++i) {
      const char c = part.text[i];
      if (quote != 0 && c == '\\') {
        // It would take the first character of a part behind it for itself.
        if (++i == part.text.size()) return Wrong("has a backslash that escapes nothing");
      } else if (quote == 0 ? c == '"' || c == '\'' : c == quote) {
        quote = quote == 0 ? c : 0;
      }
    }
  }
  return filter;
}

std::string FilterTemplate::Fill(const Captures& captures) const {
  std::string text;
  for (const Part& part : parts_) {
    text += part.is_name ? Quoted(captures.find(part.text)->second) : part.text;
  }
  return text;
}

}  // namespace liveness::auth
