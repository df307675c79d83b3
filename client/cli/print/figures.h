// Sizes, moments and spans as livenessctl prints them. Pure, thread-safe.
#pragma once

#include <google/protobuf/duration.pb.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "common/clock.h"

namespace liveness::cli {

// `512 B`, `8.2 MiB`, `3 GiB`: three digits at most, rounded, 1024-based.
std::string SizeText(std::int64_t bytes);

// `1 client`, `2 clients`. `one` is the word for one of them.
std::string CountText(std::int64_t count, std::string_view one);

// 2026-01-31T12:00:01.123Z
std::string TimeText(common::WallTime time);

// For spans that are short in health and long in trouble: finer than a second below
// ten seconds (`340ms`, `1.2s`), then as kubectl's ages.
std::string SpanText(common::Duration span);

// Spans as common::FormatDuration() writes them (`1h30m`, `250ms`), and rounded as common::FormatForPeople()
// writes them.
std::string ExactText(const google::protobuf::Duration& duration);
std::string RoundedText(const google::protobuf::Duration& duration);

}  // namespace liveness::cli
