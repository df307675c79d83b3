// One stream of one process, as the script knows it: what was sent and read on it, and what it is bound to.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "server/registry/records/session.h"
#include "tests/simulation/random.h"

namespace liveness::simulation {

inline constexpr int kNoLife = -1;

struct Line {
  std::string client_id;
  std::string instance_id;
  int number = 0;  // counts all streams of the run
  int life = 0;    // of the server that it was opened to; kNoLife: there was none

  bool beside = false;        // its process opened it beside another
  std::uint32_t attempt = 0;  // of its hello; 0: nobody counts

  // Between its hello and the answer to it.
  bool waiting = false;
  bool gone = false;      // its process closed it meanwhile
  bool replaced = false;  // or we ended it
  MonoTime asked{};       // when its hello was read

  // Bound to a session, by the welcome.
  MonoTime welcomed{};
  std::uint64_t incarnation = 0;
  std::uint64_t attachment = 0;
  Duration timeout{};
  Duration grace{};
  std::shared_ptr<registry::Session> session;  // as rpc holds it; the checkers do not look into it

  MonoTime last_delivery{};  // of what was sent on it: a stream keeps its order

  std::deque<MonoTime> unread;       // when what waits in our socket came there
  MonoTime last_arrival{};           // of the last message that was read
  MonoTime last_read{};              // and when it was
  std::optional<MonoTime> closed{};  // when its close was read, or that of the last that waited beside it
  bool unbound = false;              // its close was read while others waited beside it
  bool for_our_sake = false;         // its process closed it because we had not answered

  bool adaptive = false;                         // its silence is judged by how its pings arrive
  std::uint64_t pings = 0;                       // that were read
  MonoTime vouched_until = MonoTime::min();      // by what its process was told
  std::shared_ptr<registry::Arrivals> arrivals;  // as rpc holds them; null: nobody asks
};

}  // namespace liveness::simulation
