// `livenessctl top`: the clients on a whole screen, as they change.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>

#include "client/cli/process/stop_signal.h"
#include "client/cli/top/program.h"
#include "client/cli/top/screen.h"
#include "client/cli/verbs/verbs.h"

namespace liveness::cli {

Verb AddTop(CLI::App& program, GlobalSettings& /*global*/) {
  const auto settings = std::make_shared<TopSettings>();
  CLI::App& top =
      AddVerb(program, "top", "Watch clients on a whole screen: sort, filter, look into a verdict",
              "  livenessctl top\n"
              "  livenessctl top --filter='labels.zone = \"eu-*\"'\n"
              "\n"
              "Keys: arrows or j and k, PgUp, PgDn; Enter for the verdict, Esc back; / to filter,\n"
              "s for another order, p to hold the picture, ? for help, q to end.\n");
  AddFilter(top, settings->filter);
  return {&top, [settings](const GlobalSettings& /*global*/, const Words& words) {
            return TakeNoWords(*settings, words);
          }};
}

ExitCode RunVerb(const TopSettings& settings, Context& context) {
  // Before gRPC makes its threads, because a thread that does not block a signal would take it.
  std::vector<int> signals = NotIgnored(StopSignals());
  signals.push_back(SIGWINCH);
  BlockSignals(signals);
  signal(SIGPIPE, SIG_IGN);
  // What is wrong from the start is told in a line, and not on a screen of its own.
  v1::ListClientsRequest request;
  request.set_filter(settings.filter);
  request.set_page_size(1);
  const auto first = context.api->ListClients(request);
  if (!first.ok()) return Fail(first.status(), context);
  auto screen = top::Screen::Open(context.terminal.color);
  if (!screen.ok()) return Fail(ExitCode::kUsage, std::string(screen.status().message()), context.terminal);
  top::Run(context.global, settings.filter, std::move(context.api), signals, **screen,
           context.terminal.clock);
  return ExitCode::kOk;
}

}  // namespace liveness::cli
