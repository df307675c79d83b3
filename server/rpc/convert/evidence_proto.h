// Evidence as the wire writes it. Pure, thread-safe.
#pragma once

#include "liveness/v1/client.pb.h"
#include "server/core/detection/evidence.h"
#include "server/core/record/record.h"

namespace liveness::rpc {

void ToProto(core::Cause cause, const core::Evidence& evidence, v1::Evidence& proto);
void ToProto(const core::Progress& progress, v1::Progress& proto);

}  // namespace liveness::rpc
