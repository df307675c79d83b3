// One entry of the audit log: who did what from where, or was refused it, and what came of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/clock.h"

namespace liveness::auth {

enum class AuditOutcome : std::uint8_t {
  kUnspecified,
  kAllowed,  // it was done
  kRefused,  // who asked may not, or proved nothing
  kFailed,   // who asked may, and it came to nothing
};
inline constexpr AuditOutcome kLastAuditOutcome = AuditOutcome::kFailed;

constexpr std::string_view Name(AuditOutcome outcome) {
  switch (outcome) {
    case AuditOutcome::kUnspecified: return "UNSPECIFIED";
    case AuditOutcome::kAllowed: return "ALLOWED";
    case AuditOutcome::kRefused: return "REFUSED";
    case AuditOutcome::kFailed: return "FAILED";
  }
  return "UNSPECIFIED";
}

// Who changed a file that says who is let in, or had it read again: somebody on this host. No caller is ever
// called so, because principals have types of their own (principal.h).
inline constexpr char kHostPrincipal[] = "host:files";
// Their action.
inline constexpr char kReloadAction[] = "reload";

struct AuditEvent {
  std::uint64_t number = 0;    // grows with each entry, from 1; anew with each start of the server
  common::WallTime time{};     // of several that are one entry, the last one's
  common::WallTime began{};    // and the first one's
  std::uint64_t count = 1;     // how many are this entry
  std::string principal = {};  // who; empty: proved nothing
  std::string address = {};    // from where, without a port; empty: not known
  std::string action = {};     // as Name(Action) has it, or kReloadAction
  std::string target = {};     // what it was done to: a client's id, a filter; may be empty
  AuditOutcome outcome = AuditOutcome::kUnspecified;
  std::string reason = {};     // why not: the UPPER_SNAKE word that the caller was told; empty if allowed
  std::string message = {};    // what changed, or why not, for people
  std::uint64_t revision = 0;  // that it made, the last of several; 0: none
};

using AuditEventPtr = std::shared_ptr<const AuditEvent>;

// Whom the entry counts against: the principal; of who has none, the address, an IPv6 one by its /64, which
// is what one host is given.
std::string AuthorOf(const AuditEvent& event);

// The same of an address alone.
std::string NetworkKey(std::string_view address);

}  // namespace liveness::auth
