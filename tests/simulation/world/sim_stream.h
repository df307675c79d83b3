// The server's end of a stream: what it writes reaches the process later.
#pragma once

#include <memory>

#include "server/registry/records/session.h"
#include "tests/simulation/rules/line.h"
#include "tests/simulation/world/parts.h"

namespace liveness::simulation {

class Process;

// Not thread-safe.
class SimStream final : public registry::StreamHandle {
 public:
  SimStream(const Parts& parts, const std::shared_ptr<Process>& process, std::shared_ptr<Line> line)
      : parts_(parts), process_(process), line_(std::move(line)) {}
  void Probe(std::uint64_t) override {}
  core::LinkEvidence Look() override;
  void End(const absl::Status& why) override;

 private:
  const Parts& parts_;
  const std::weak_ptr<Process> process_;
  const std::shared_ptr<Line> line_;
};

}  // namespace liveness::simulation
