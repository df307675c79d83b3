// Where to listen, as an operator writes it: HOST:PORT, [::1]:PORT or unix:PATH.
// Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace liveness::net {

inline constexpr std::string_view kUnixPrefix = "unix:";

struct ListenAddress {
  std::string text;  // as it was written
  std::string host;  // without brackets; empty for a Unix socket
  std::uint16_t port = 0;
  std::string unix_path;  // empty for HOST:PORT

  bool is_unix() const { return !unix_path.empty(); }
};

// INVALID_ARGUMENT if it is none of the three, or a path that no socket can have.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

// Several of them with commas between. INVALID_ARGUMENT also for an empty list.
absl::StatusOr<std::vector<ListenAddress>> ParseListenAddresses(std::string_view list);

// `text` with `port` in place of its own, for an address that was bound on port 0.
std::string WithPort(const ListenAddress& address, std::uint16_t port);

}  // namespace liveness::net
