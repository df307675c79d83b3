// `livenessd config explain`: may this one do that, and which rule says so?
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "server/app/config/config.h"

namespace liveness::app {

struct Question {
  std::string principal;  // as text; empty: anonymous
  std::string action;     // a word of auth/action.h
  std::string id;         // under which to beat
};

// Its flags, below the verb.
void AddQuestion(CLI::App& verb, Question& question);

// Reads the files of `config`. Exit code 0: yes, 1: no, 2: what is asked, or a file, makes no sense. Blocks
// for as long as a disk does.
ParsedConfig Explain(const Config& config, const Question& question);

}  // namespace liveness::app
