// A server as people name it: HOST:PORT, or unix:PATH for a socket in the file system.
// Pure, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace liveness::common {

inline constexpr std::string_view kUnixTarget = "unix:";
// A path may have no more: sockaddr_un has room for it and its end.
inline constexpr std::size_t kMaxUnixPathBytes = 107;

// What is surely wrong with it, as in `"x" PROBLEM`, or empty.
std::string TargetProblem(std::string_view target);

// As gRPC takes it: a path is part of a URI there, and some of its characters would mean
// something else. REQUIRES: no problem.
std::string GrpcTarget(std::string_view target);

}  // namespace liveness::common
