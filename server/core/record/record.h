// What the registry knows of a client, as plain values.
//
// A ClientRecord is immutable once published: a transition makes a new one and
// everybody who holds the old one keeps a consistent picture. What a session
// says of itself (client_info.h) is shared between its records, so that a
// transition copies no texts.
// The heartbeat itself (last ping, rtt) is not here: it lives in the session's
// hot line (server/registry/records/session.h) and is read when a record is shown.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/tcp_keepalive.h"
#include "server/core/detection/evidence.h"
#include "server/core/detection/scorecard.h"
#include "server/core/fleet/group_event.h"
#include "server/core/record/client_info.h"

namespace liveness::core {

enum class State : std::uint8_t { kUnspecified, kAlive, kSuspect, kDead, kLeft, kForgotten };
enum class Health : std::uint8_t { kUnspecified, kOk, kStalled, kMaintenance };
enum class Cause : std::uint8_t {
  kUnspecified,
  kProcessExited,
  kStreamClosed,
  kProcessStopped,
  kHostUnreachable,
  kApplicationStalled,
  kSaidGoodbye,
  kEvicted,
  kSuperseded,
  kServerLost,
  kNotReturned,
  kUnknown,
  kRevoked,
};
inline constexpr State kLastState = State::kForgotten;
inline constexpr Health kLastHealth = Health::kMaintenance;
inline constexpr Cause kLastCause = Cause::kRevoked;
// The wire's names without their prefix, e.g. "ALIVE", "PROCESS_EXITED".
std::string_view Name(State state);
std::string_view Name(Health health);
std::string_view Name(Cause cause);

// Somebody meant it: the end is no failure, and nothing follows from it for others.
constexpr bool IsIntended(Cause cause) {
  return cause == Cause::kEvicted || cause == Cause::kSuperseded || cause == Cause::kRevoked;
}

// ALIVE or SUSPECT: the session may go on.
constexpr bool IsLive(State state) { return state == State::kAlive || state == State::kSuspect; }

// The keepalive settings in force on the server's end of a connection.
struct Keepalive {
  common::TcpKeepalive tcp;
  Duration http2_time{};
  Duration http2_timeout{};
};

// An instance that may not come back under its client's id.
struct Banned {
  std::string instance_id;  // empty: only the incarnation is over
  std::uint64_t incarnation = 0;
  Cause cause = Cause::kUnspecified;  // kSuperseded or kEvicted
  std::uint8_t reclaims = 0;          // only without an instance_id: record/hello_judgement.h
  bool operator==(const Banned&) const = default;
};

inline constexpr std::size_t kRememberedInstances = 8;

// Why a client is in maintenance.
struct MaintenanceOrigin {
  std::string reason;  // as it was given; may be empty
  std::string author;  // the principal that asked for it, else the address that it came from; may be empty
  bool operator==(const MaintenanceOrigin&) const = default;
};

// What few clients have beside the rest of their record.
struct Annex {
  std::vector<Banned> banned;                 // the last 8, the oldest first
  std::optional<WallTime> maintenance_until;  // health is MAINTENANCE until then
  // Shared by all clients that were marked together. Null without a maintenance; may be null with one.
  std::shared_ptr<const MaintenanceOrigin> maintenance_origin;

  bool SameMaintenance(const Annex& other) const {
    const bool both = maintenance_origin != nullptr && other.maintenance_origin != nullptr;
    return maintenance_until == other.maintenance_until &&
           (both ? *maintenance_origin == *other.maintenance_origin
                 : maintenance_origin == other.maintenance_origin);
  }
  bool operator==(const Annex& other) const { return banned == other.banned && SameMaintenance(other); }

  // Remembers one more, and forgets the oldest beyond the bound.
  void Ban(Banned instance) {
    if (banned.size() >= kRememberedInstances) banned.erase(banned.begin());
    banned.push_back(std::move(instance));
  }
};

struct ClientRecord {
  PackedInfo info;
  std::shared_ptr<const Evidence> evidence;  // null while there is nothing to explain
  std::shared_ptr<const Annex> annex;        // null for most
  std::shared_ptr<const std::string> server_id;
  std::uint64_t incarnation = 0;
  std::uint64_t attachment = 0;
  std::uint64_t revision = 0;  // of the transition that made this record
  WallTime register_time{};
  WallTime state_time{};
  Duration interval{};
  Duration timeout{};
  Duration resume_grace{};
  State state = State::kUnspecified;
  Health health = Health::kOk;
  Cause cause = Cause::kUnspecified;
  bool flapping = false;        // falls so often that alerts about it are better held back
  float accrual_threshold = 0;  // of phi; 0: the timeout alone decides

  std::string_view client_id() const { return info.client_id(); }
};

// Nothing is left to explain but a stall, which a suspicion does not end.
inline void BecomeAlive(ClientRecord& record) {
  record.state = State::kAlive;
  record.cause = record.health == Health::kStalled ? Cause::kApplicationStalled : Cause::kUnspecified;
  record.evidence = nullptr;
}

using RecordPtr = std::shared_ptr<const ClientRecord>;

// What moves with every heartbeat: read from the session when a record is
// shown or filtered, never part of a transition.
struct Vitals {
  MonoTime last_heard{};
  Duration until_deadline{};                              // witness time left; only meaningful while ALIVE
  Duration rtt{};                                         // zero: no probe was answered yet
  std::shared_ptr<const Keepalive> keepalive;             // may be null
  std::shared_ptr<const std::vector<Progress>> progress;  // may be null
  Mistakes mistakes;                                      // that were made about this client
  Duration known_before{};    // how long the client was known before, if mistakes were made
  Duration detected_after{};  // last heard until SUSPECT, of its last death that was found; zero: none
  double suspicion = 0;       // phi; 0 without accrual
};

// A record as it is shown.
struct ClientView {
  RecordPtr record;
  Vitals vitals;
};

// A change of a record. `after` is the whole record after it; `before` is null
// for a client that was not known.
struct Transition {
  RecordPtr before;
  RecordPtr after;  // for FORGOTTEN: state kForgotten, else as it was dropped
  WallTime time{};
  GroupEventsPtr groups = nullptr;  // the mass failures that it completed; null for most

  std::uint64_t revision() const { return after->revision; }
};

using TransitionPtr = std::shared_ptr<const Transition>;

}  // namespace liveness::core
