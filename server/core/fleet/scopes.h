// What clients may have in common, and therefore lose together. Pure functions.
//
//   everyone               all clients of this registry
//   host=db-7              the host that they gave
//   subnet=10.1.2.0/24     where their connections come from: /24, or /64 for IPv6
//   label zone=eu-1        a label whose key the operator chose
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/core/record/record.h"

namespace liveness::core {

inline constexpr std::string_view kEveryone = "everyone";

// More would make each transition dear.
inline constexpr std::size_t kMaxGroupLabels = 8;

// The scopes of a client, `everyone` first. `label_keys`: the chosen labels.
std::vector<std::string> ScopesOf(const ClientRecord& record, const std::vector<std::string>& label_keys);

// Who speaks for a client (voices.h): its principal, or the address that it calls from, an IPv6 one's /64;
// empty for what has neither, as over a Unix socket.
std::string VoiceOf(std::string_view principal, std::string_view peer_address);
std::string VoiceOf(const ClientRecord& record);

// True if nothing changed that ScopesOf or VoiceOf looks at; allocates nothing.
bool HaveSameScopes(const ClientRecord& a, const ClientRecord& b, const std::vector<std::string>& label_keys);

// `10.1.2.0/24` of `10.1.2.3:4567`, `2001:db8::/64` of `[2001:db8::5]:4567`; empty
// for what is no IP address.
std::string SubnetOf(std::string_view peer_address);

}  // namespace liveness::core
