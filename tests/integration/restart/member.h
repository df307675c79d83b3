// A client of the churn as it knows itself, and so what a server must know of it
// after a crash. Header only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "liveness/v1/client.pb.h"

namespace liveness::testing {

struct Member {
  // What became of the session that was welcomed last.
  enum class Fate : std::uint8_t {
    kNone,     // none was
    kIn,       // it goes on, with or without a stream
    kLeaving,  // said goodbye, and has no answer yet
    kLeft,     // its goodbye was answered
    kFailed,   // likewise, with an exit code
    kGivenUp,  // dropped without a word, or superseded by a hello that has no answer yet
  };

  std::string id;
  int instances = 0;
  // Of the last welcome.
  std::string instance;
  std::string token;
  std::uint64_t incarnation = 0;
  Fate fate = Fate::kNone;
  bool failing = false;  // its goodbye has an exit code
  // Instances whose hello came after that, and was never answered: it may have been committed.
  std::vector<std::string> unanswered;

  bool MayBe(const std::string& other) const {
    for (const std::string& each : unanswered) {
      if (each == other) return true;
    }
    return false;
  }

  // `known`: what a server that has just started knows of it; null if nothing. Empty if it may be so.
  std::string WhatIsWrong(const v1::Client* known) const {
    if (known == nullptr) return incarnation == 0 ? "" : Wrong("was welcomed and is not known", nullptr);
    if (known->incarnation() < incarnation) return Wrong("its incarnation went back", known);
    if (known->incarnation() > incarnation) {
      return MayBe(known->instance_id()) ? "" : Wrong("nobody asked for this session", known);
    }
    if (known->instance_id() != instance) return Wrong("its incarnation is another instance's", known);
    const v1::State state = known->state();
    const bool live = state == v1::STATE_ALIVE || state == v1::STATE_SUSPECT;
    const bool exited = state == v1::STATE_DEAD && known->cause() == v1::CAUSE_PROCESS_EXITED;
    switch (fate) {
      case Fate::kNone: break;
      case Fate::kIn: return live ? "" : Wrong("it goes on, and was given up", known);
      case Fate::kLeaving:
        return live || exited || state == v1::STATE_LEFT ? "" : Wrong("it was leaving", known);
      case Fate::kLeft: return state == v1::STATE_LEFT ? "" : Wrong("its goodbye was answered", known);
      case Fate::kFailed: return exited ? "" : Wrong("its goodbye with an exit code was answered", known);
      case Fate::kGivenUp: return "";
    }
    return Wrong("it never was welcomed", known);
  }

 private:
  std::string Wrong(const std::string& what, const v1::Client* known) const {
    return id + ": " + what + "; it has " + instance + ", incarnation " + std::to_string(incarnation) +
           "; known: " + (known == nullptr ? "nothing" : known->ShortDebugString()) + "\n";
  }
};

}  // namespace liveness::testing
