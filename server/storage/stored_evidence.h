// Evidence in its stored form: the larger half of record_codec.h. Thread-safe.
#pragma once

#include <memory>

#include "liveness/storage/v1/record.pb.h"
#include "server/core/detection/evidence.h"

namespace liveness::storage {

void Store(const core::Evidence& evidence, v1::Evidence& stored);
std::shared_ptr<const core::Evidence> Restore(const v1::Evidence& stored);

// A value that this server does not know becomes `otherwise`.
template <typename Core, typename Stored>
constexpr Core Known(Stored stored, Stored last, Core otherwise) {
  return stored < 0 || stored > last ? otherwise : static_cast<Core>(stored);
}

// The stored number of a value is the one that it has here: checked for each where it is cast.
template <typename Stored, typename Core>
constexpr bool Same(Stored stored, Core core) {
  return static_cast<int>(stored) == static_cast<int>(core);
}

}  // namespace liveness::storage
