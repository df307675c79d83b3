// What a process writes on its stream, and how it comes to the server.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "server/core/record/record.h"
#include "tests/simulation/random.h"
#include "tests/simulation/rules/line.h"

namespace liveness::simulation {

class Process;

// kClose is the end of it.
struct Message {
  enum class Kind : std::uint8_t { kHello, kPing, kLabels, kGoodbye, kClose };
  Kind kind = Kind::kPing;
  MonoTime sent{};
  std::optional<std::uint64_t> token;  // of a hello
  core::Labels labels;                 // of a hello or an update
  int exit_code = 0;                   // of a goodbye
  core::StreamEnd how = core::StreamEnd::kConnectionClosed;
  bool for_our_sake = false;  // of a close
};

inline const char* Name(Message::Kind kind) {
  switch (kind) {
    case Message::Kind::kHello: return "hello";
    case Message::Kind::kPing: return "ping";
    case Message::Kind::kLabels: return "labels";
    case Message::Kind::kGoodbye: return "goodbye";
    case Message::Kind::kClose: return "close";
  }
  return "?";
}

// A message that waits in a socket of ours, or has just come.
struct Arrival {
  MonoTime at{};
  std::shared_ptr<Process> from;
  std::shared_ptr<Line> line;
  Message message;
};

}  // namespace liveness::simulation
