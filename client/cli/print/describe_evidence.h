// What a verdict rests on, layer by layer, for people. Pure, thread-safe.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <string>

#include "common/clock.h"
#include "liveness/v1/client.pb.h"

namespace liveness::cli {

// The verdict first, then what each layer showed, with a line only for what was found.
// All spans are as they were when the evidence was gathered. `now` is what that moment is told by.
std::string DescribeEvidence(const v1::Evidence& evidence, common::WallTime now);

// `consumer: 7s old, 5s allowed, STALE`, a line per token, led by `title` if there are any.
std::string DescribeProgress(const std::string& title,
                             const google::protobuf::RepeatedPtrField<v1::Progress>& progress);

bool IsStale(const v1::Progress& progress);

}  // namespace liveness::cli
