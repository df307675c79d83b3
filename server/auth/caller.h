// Who makes a call, and what of the clients the caller may see. Immutable; thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "server/core/filter/filter.h"
#include "server/core/record/client_fields.h"

namespace liveness::auth {

struct Caller {
  std::string principal;  // as text (principal.h); empty: the caller proved nothing
  std::string address;    // without its port; of a Unix socket `unix:`; empty if not known
  // Over a record's own fields (core::WatchSchema), so that it can be asked of lists, watches and history
  // alike. Matches all: the caller sees everything.
  core::Filter view;
  std::uint64_t generation = 0;  // of the rules by which the caller was let in

  // Whom to name as the author of what the caller does.
  const std::string& name() const { return principal.empty() ? address : principal; }
  bool sees_all() const { return view.matches_all(); }
  bool Sees(const core::ClientRecord& record) const { return view.Matches(core::ClientFields(record)); }
};

using CallerPtr = std::shared_ptr<const Caller>;

}  // namespace liveness::auth
