// What somebody may do with a server. Rules and the roles of tokens name it by these words.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace liveness::auth {

enum class Action : std::uint8_t {
  kNone,         // what everybody may who gets a connection: ask whether the server serves
  kBeat,         // be a client, under an id that the rules give
  kView,         // see clients, as far as the rules let it
  kEvict,        // have a client declared dead, or its id freed
  kMaintenance,  // announce maintenance, and end it
  kDrain,        // send a server's clients away
  kAudit,        // read who did what
};

// All that is to be allowed to somebody.
inline constexpr std::array kActions = {Action::kBeat,        Action::kView,  Action::kEvict,
                                        Action::kMaintenance, Action::kDrain, Action::kAudit};

constexpr std::string_view Name(Action action) {
  switch (action) {
    case Action::kNone: return "none";
    case Action::kBeat: return "beat";
    case Action::kView: return "view";
    case Action::kEvict: return "evict";
    case Action::kMaintenance: return "maintenance";
    case Action::kDrain: return "drain";
    case Action::kAudit: return "audit";
  }
  return "none";
}

// Several of them.
class Actions {
 public:
  constexpr Actions() = default;
  constexpr Actions(std::initializer_list<Action> some) {
    for (const Action each : some) Add(each);
  }
  static constexpr Actions All() { return Actions{Action::kBeat, Action::kView}.Plus(Admin()); }
  static constexpr Actions Admin() {
    return {Action::kEvict, Action::kMaintenance, Action::kDrain, Action::kAudit};
  }

  constexpr void Add(Action action) { bits_ |= BitOf(action); }
  constexpr Actions Plus(Actions others) const {
    others.bits_ |= bits_;
    return others;
  }
  constexpr Actions And(Actions others) const {
    others.bits_ &= bits_;
    return others;
  }
  constexpr bool Has(Action action) const { return (bits_ & BitOf(action)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const Actions&) const = default;

 private:
  static constexpr std::uint8_t BitOf(Action action) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(action));
  }
  std::uint8_t bits_ = 0;
};

// The one of that Name(), not kNone.
std::optional<Action> ActionOf(std::string_view word);
// `view`, or `admin` for all that operators do. Nothing if the word is none of them.
std::optional<Actions> ActionsOf(std::string_view word);
inline constexpr std::string_view kActionWords = "beat, view, evict, maintenance, drain, audit or admin";

}  // namespace liveness::auth
