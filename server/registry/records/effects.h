// What a change under the registry's lock makes known, carried out after it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/record/record.h"
#include "server/registry/records/session.h"
#include "server/registry/records/types.h"

namespace liveness::registry {

// Called once, without the lock, with the record that was committed, or why there is none.
using CommitDone = std::function<void(const absl::StatusOr<core::RecordPtr>&)>;

struct Effects {
  // A change that somebody waits for is committed, or will not be.
  struct Done {
    CommitDone on_committed;
    absl::StatusOr<core::RecordPtr> record;
  };
  struct End {
    std::shared_ptr<StreamHandle> stream;
    absl::Status why;
  };
  struct Probe {
    std::shared_ptr<StreamHandle> stream;
    std::uint64_t sequence = 0;
  };

  std::vector<Done> dones;
  std::vector<End> ends;
  std::vector<Probe> probes;
  std::vector<WitnessEvent> witness;
  std::vector<std::string> notices;                     // for the operator
  bool publish = false;                                 // there are new transitions
  core::MonoTime earlier_tick = core::MonoTime::max();  // the detector must wake sooner
};

}  // namespace liveness::registry
