#include "tests/simulation/world/sim_stream.h"

#include "common/status.h"
#include "tests/simulation/world/process.h"
#include "tests/simulation/world/saboteur.h"
#include "tests/simulation/world/script.h"

namespace liveness::simulation {

core::LinkEvidence SimStream::Look() {
  core::LinkEvidence link;
  link.taken_at = parts_.script.now();
  link.tcp.absence = core::TcpAbsence::kPresent;
  link.tcp.established = true;
  if (!parts_.saboteur.HidesUnread()) link.tcp.unread_bytes = line_->unread.size();
  return link;
}

void SimStream::End(const absl::Status& why) {
  parts_.script.Note([&] { return "  ends " + line_->instance_id + " " + common::ReasonOf(why); });
  line_->replaced = line_->waiting;
  const auto process = process_.lock();
  const auto delivery = process == nullptr ? std::nullopt : process->Delivery();
  if (!delivery) return;
  const bool final = why.code() == absl::StatusCode::kAborted;
  parts_.script.After(*delivery - parts_.script.now(), "end",
                      [process, line = line_, final] { process->OnEnd(*line, final); });
}

}  // namespace liveness::simulation
