// livenessctl: asks a liveness server, or beats like a client.
#include <unistd.h>

#include <iostream>
#include <string>
#include <variant>
#include <vector>

#include "client/cli/exit_code.h"
#include "client/cli/flags.h"
#include "client/cli/print/reader_watcher.h"
#include "client/cli/run.h"
#include "client/cli/terminal.h"
#include "client/cli/verbs/verbs.h"
#include "common/clock.h"

int main(int argc, char** argv) {
  using namespace liveness;
  using cli::ExitCode;
  std::ios::sync_with_stdio(false);
  cli::Terminal terminal{std::cout, std::cerr, cli::StdoutTakesColor(), common::SystemClock()};
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words[0] == "__complete") {
    return static_cast<int>(cli::RunComplete({words.begin() + 1, words.end()}, terminal));
  }
  const auto parsed = cli::ParseFlags(words);
  if (const auto* message = std::get_if<cli::Message>(&parsed)) {
    std::ostream& stream = message->to_stderr ? std::cerr : std::cout;
    stream << message->text << std::flush;
    const bool lost = !stream && message->code == ExitCode::kOk;
    return static_cast<int>(lost ? ExitCode::kError : message->code);
  }
  const ExitCode code = cli::Run(std::get<cli::Settings>(parsed), terminal);
  // If the reader has gone away, it wants no more, and nothing is wrong.
  if (!std::cout.flush() && !cli::ReaderIsGone(STDOUT_FILENO) && code == ExitCode::kOk) {
    std::cerr << "livenessctl: cannot write the output\n";
    return static_cast<int>(ExitCode::kError);
  }
  return static_cast<int>(code);
}
