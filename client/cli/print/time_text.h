// Moments as livenessctl prints them. Pure, thread-safe.
#pragma once

#include <string>

#include "common/clock.h"

namespace liveness::cli {

// 2026-01-31T12:00:01.123Z
std::string TimeText(common::WallTime time);

// The column for spans that are short in health and long in trouble: finer than
// a second below ten of them (`340ms`, `1.2s`), then as kubectl's ages.
std::string SpanText(common::Duration span);

}  // namespace liveness::cli
