// Clients as a real fleet has them: names of a dozen bytes or so, a random
// instance id, a host, three labels. One in `kShards` has a given `shard`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/strings.h"
#include "server/registry/registry.h"

namespace liveness::bench {

inline constexpr std::uint64_t kShards = 1'000;

// A permutation-like scramble, so that neither ids nor labels come in order.
inline std::uint64_t Scramble(std::uint64_t n) {
  n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9u;
  n = (n ^ (n >> 27)) * 0x94d049bb133111ebu;
  return n ^ (n >> 31);
}

inline std::string Hex(std::uint64_t value) {
  std::string text(16, '0');
  for (auto at = text.rbegin(); at != text.rend(); ++at, value >>= 4) *at = "0123456789abcdef"[value & 15];
  return text;
}

inline core::ClientInfo MakeInfo(std::uint64_t n) {
  const std::uint64_t random = Scramble(n);
  core::ClientInfo info;
  info.client_id = common::StrCat("billing-", Hex(random).substr(0, 8), "-", n % 10);
  info.instance_id = Hex(random) + Hex(Scramble(random));
  info.labels = {
      {"shard", common::StrCat(n % kShards)}, {"tier", "backend"}, {"zone", common::StrCat("eu-", n % 3)}};
  info.peer_address =
      common::StrCat("10.", n % 256, ".", random % 256, ".", n / 256 % 256, ":", 32768 + n % 20000);
  info.local_address = info.peer_address;
  info.host = common::StrCat("node-", n % 10000);
  info.version = "1.14.2";
  info.pid = static_cast<std::int64_t>(random % 4'000'000);
  return core::ClientInfo(info);  // a copy: strings as long as they are, not as they grew
}

// The bytes of a client's own strings.
inline std::size_t StringBytes(const core::ClientInfo& info) {
  std::size_t bytes = info.client_id.size() + info.instance_id.size() + info.peer_address.size() +
                      info.local_address.size() + info.host.size() + info.version.size() +
                      info.principal.size() + info.last_will.size();
  for (const auto& [key, value] : info.labels) bytes += key.size() + value.size();
  return bytes;
}

inline registry::RegistryOptions FleetOptions() {
  registry::RegistryOptions options;
  options.server_id = "bench";
  options.max_clients = 2'000'000;
  return options;
}

// Registers client `n` and returns its session.
inline registry::Attached Join(registry::Registry& registry, std::uint64_t n) {
  registry::HelloRequest hello;
  hello.info = MakeInfo(n);
  hello.interval = std::chrono::seconds(10);
  hello.timeout = std::chrono::seconds(40);
  registry::Attached result;
  registry.Attach(std::move(hello), [&](absl::StatusOr<registry::Attached> attached) { result = *attached; });
  return result;
}

}  // namespace liveness::bench
