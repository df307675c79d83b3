// Every bound that both sides of the contract keep.
#pragma once

#include <cstddef>

namespace liveness::common {

inline constexpr std::size_t kMaxIdBytes = 128;
inline constexpr std::size_t kMaxLabels = 32;
inline constexpr std::size_t kMaxLabelKeyBytes = 63;
inline constexpr std::size_t kMaxLabelValueBytes = 256;
inline constexpr std::size_t kMaxHostBytes = 255;
inline constexpr std::size_t kMaxVersionBytes = 128;
inline constexpr std::size_t kMaxAddressBytes = 128;
inline constexpr std::size_t kMaxLastWillBytes = 1024;
inline constexpr std::size_t kMaxReasonBytes = 256;
inline constexpr std::size_t kMaxResumeTokenBytes = 256;
inline constexpr std::size_t kMaxHeartbeatMessageBytes = 16 * 1024;
inline constexpr std::size_t kMaxProgressTokens = 32;  // per client
// Of Detection.threshold, phi.
inline constexpr double kMinSuspicionThreshold = 1;
inline constexpr double kMaxSuspicionThreshold = 30;
inline constexpr std::size_t kMaxFilterBytes = 4 * 1024;
inline constexpr int kMaxPageSize = 1000;
inline constexpr int kDefaultPageSize = 100;

}  // namespace liveness::common
