#include "server/auth/gate.h"

#include <utility>

namespace liveness::auth {

absl::StatusOr<CallerPtr> Admit(const Gate& gate, absl::StatusOr<CallerPtr> identified, Action needs) {
  if (!identified.ok() && needs == Action::kNone) identified = gate.Identify(Shown(), std::string());
  if (!identified.ok()) return identified;
  if (const absl::Status may = gate.May(**identified, needs); !may.ok()) return may;
  return identified;
}

absl::StatusOr<CallerPtr> LetIn(const Gate& gate, absl::StatusOr<CallerPtr> identified, std::string address,
                                Action needs) {
  const CallerPtr known = identified.ok() ? *identified : nullptr;
  absl::StatusOr<CallerPtr> admitted = Admit(gate, std::move(identified), needs);
  if (admitted.ok()) return admitted;
  return gate.Refuse({.principal = known == nullptr ? std::string() : known->principal,
                      .address = std::move(address),
                      .action = needs,
                      .why = admitted.status()});
}

}  // namespace liveness::auth
