#include "server/auth/gate.h"

namespace liveness::auth {

absl::StatusOr<CallerPtr> Admit(const Gate& gate, absl::StatusOr<CallerPtr> identified, Action needs) {
  if (!identified.ok() && needs == Action::kNone) identified = gate.Identify(Shown(), std::string());
  if (!identified.ok()) return identified;
  if (const absl::Status may = gate.May(**identified, needs); !may.ok()) return may;
  return identified;
}

}  // namespace liveness::auth
