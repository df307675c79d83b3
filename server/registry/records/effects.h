// What a change under the registry's lock makes known, carried out after it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/registry/registry.h"

namespace liveness::registry {

struct Registry::Effects {
  struct End {
    std::shared_ptr<StreamHandle> stream;
    absl::Status why;
  };
  struct Probe {
    std::shared_ptr<StreamHandle> stream;
    std::uint64_t sequence = 0;
  };

  // A change that somebody waits for is committed, or will not be.
  struct Done {
    Settled settled;
    absl::StatusOr<core::RecordPtr> record;
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
