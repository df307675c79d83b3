#pragma once

namespace liveness::app {

inline constexpr char kVersion[] = LIVENESS_VERSION;

}  // namespace liveness::app
