// Patterns of principals, and what rules build of the parts that they find.
//
//   spiffe://prod/ns/{ns}/sa/{sa}   {x}: one part, up to the next `/` (in `dns:`, the next `.`)
//   token:ops-*                     * at the end: whatever follows
//   *                               whoever proved who it is
//   anonymous                       who did not
//
// Of spiffe://prod/ns/shop/sa/orders the id pattern `{ns}/{sa}/*` makes `shop/orders/*`. Pure, thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace liveness::auth {

// What the parts of a principal are, by name.
using Captures = std::map<std::string, std::string, std::less<>>;

// Text with names of parts in it.
class Template {
 public:
  // INVALID_ARGUMENT, with a message that says what is wrong: braces that do not close, a name that is none.
  static absl::StatusOr<Template> Parse(std::string_view text);

  const std::string& text() const { return text_; }
  // The names in it.
  std::vector<std::string> Names() const;

 protected:
  struct Part {
    bool is_name = false;
    std::string text;
  };
  std::string text_;
  std::vector<Part> parts_;
};

class PrincipalPattern : private Template {
 public:
  static absl::StatusOr<PrincipalPattern> Parse(std::string_view text);

  using Template::Names;
  using Template::text;
  // The parts that it finds in `principal`; nothing if it does not match.
  std::optional<Captures> Match(std::string_view principal) const;

 private:
  enum class Kind { kAnybody, kAnonymous, kText };
  explicit PrincipalPattern(Template base) : Template(std::move(base)) {}
  Kind kind_ = Kind::kText;
  bool open_ = false;     // ends in `*`
  char separator_ = '/';  // ends a part
};

// Ids: all text but names of parts stands for itself, and a `*` at the end for whatever follows.
class IdPattern : private Template {
 public:
  static absl::StatusOr<IdPattern> Parse(std::string_view text);

  using Template::Names;
  using Template::text;
  // REQUIRES: `captures` has all Names().
  bool Matches(std::string_view id, const Captures& captures) const;

 private:
  explicit IdPattern(Template base) : Template(std::move(base)) {}
  bool open_ = false;
};

// A filter (core/filter/filter.h) whose quoted texts may have names of parts in them.
class FilterTemplate : private Template {
 public:
  static absl::StatusOr<FilterTemplate> Parse(std::string_view text);

  using Template::Names;
  using Template::text;
  // `*`: no filter, but everything.
  bool is_everything() const { return text_ == "*"; }
  // What a part is cannot end the quotes that it stands in, nor mean any other part.
  // REQUIRES: `captures` has all Names().
  std::string Fill(const Captures& captures) const;

 private:
  explicit FilterTemplate(Template base) : Template(std::move(base)) {}
};

}  // namespace liveness::auth
