// Who may do what: the rules file.
//
//   [[rule]]
//   name  = "services"
//   who   = ["spiffe://prod/ns/{ns}/sa/{sa}"]           principals (rules/pattern.h)
//   beat  = ["{ns}/{sa}/*"]                              under which ids
//   view  = ['client_id = "{ns}/*"', 'labels.team = "{ns}"']   which clients, as filters; "*": all
//
//   [[rule]]
//   name  = "operators"
//   who   = ["token:ops-*", "unix:socket"]
//   view  = ["*"]
//   admin = ["evict", "maintenance", "drain", "audit"]   or ["*"]
//
//   [[rule]]
//   name  = "payroll is nobody's business"
//   deny  = true
//   who   = ["spiffe://prod/contractors/*"]
//   view  = ['client_id = "payroll/*"']
//
// A rule holds for whoever one of its `who` fits. What no rule allows is refused, and what one denies is
// refused whatever others allow, in whatever order. An operator's act on a client that is not in view finds
// no client. Immutable; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/auth/action.h"
#include "server/auth/rules/pattern.h"
#include "server/core/filter/filter.h"

namespace liveness::auth {

// What comes of a question, and which rule said so.
struct Decision {
  bool allowed = false;
  std::string rule = {};  // its name; empty: no rule is about it
};

// Which clients somebody sees.
struct View {
  Decision decision;    // not allowed: none at all
  core::Filter filter;  // over core::WatchSchema(); matches all: everything. Nothing matches if not allowed
};

class Rules {
 public:
  static constexpr std::size_t kMaxRules = 1'000;
  static constexpr std::size_t kMaxPatterns = 100;  // of each kind in a rule

  // Nobody may do anything.
  Rules() = default;
  // Of the text of a file; `file` is its name, for messages. INVALID_ARGUMENT: all that is wrong, a line
  // each, with line and column.
  static absl::StatusOr<Rules> Parse(std::string_view toml, std::string_view file);
  // Where there is no file: whoever proved who it is may beat and view, an id being its owner's; operators
  // are tokens with that role, and whoever the file system lets connect to a Unix socket.
  static std::string_view DefaultText();

  // `principal`: as text, empty: anonymous.
  Decision MayBeat(std::string_view principal, std::string_view client_id) const;
  // REQUIRES: `act` is one of Actions::Admin().
  Decision MayAct(std::string_view principal, Action act) const;
  View ViewOf(std::string_view principal) const;
  // Matches none.
  static core::Filter NoClient();
  // Whether there is any id at all that it may beat under.
  bool BeatsAtAll(std::string_view principal) const;

 private:
  friend class RuleReader;
  struct Rule {
    std::string name;
    bool deny = false;
    std::vector<PrincipalPattern> who;
    std::vector<IdPattern> beat;
    std::vector<FilterTemplate> view;
    Actions admin;
  };
  // Calls visit(rule, captures) for each `who` that fits; stops once that returns true.
  template <typename Visit>
  void ForEachThatFits(std::string_view principal, Visit visit) const;

  std::vector<Rule> rules_;
};

}  // namespace liveness::auth
