// `livenessctl completion SHELL`: a script that has a shell complete livenessctl's words, and what it calls.
//
// At each TAB they ask this very program, which offers what its help shows, and the ids of clients, which it
// asks a server for.
#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "client/cli/api/channel.h"
#include "client/cli/flags.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/verbs/verbs.h"
#include "common/flags/completion.h"
#include "common/flags/completion_script.h"

namespace liveness::cli {
namespace {

// Whoever has pressed a key waits no longer.
constexpr common::Duration kServerPatience = std::chrono::seconds(1);
constexpr int kMostNames = 200;

// The ids of clients that begin as `part`; none if no server tells them.
std::vector<std::string> Names(const common::Completion& completion, const std::string& part) {
  std::vector<std::string> args = completion.flags;
  args.emplace_back("list");
  auto parsed = ParseFlags(std::move(args));
  auto* settings = std::get_if<Settings>(&parsed);
  if (settings == nullptr) return {};
  settings->global.timeout = std::min(settings->global.timeout, kServerPatience);
  const auto api = Api::Create(settings->global);
  if (!api.ok()) return {};
  v1::ListClientsRequest request;
  request.set_page_size(kMostNames);
  if (!part.empty()) request.set_filter(absl::StrCat("client_id = ", FilterString(part + "*")));
  const auto page = (*api)->ListClients(request);
  std::vector<std::string> names;
  if (!page.ok()) return names;
  for (const v1::Client& client : page->clients()) {
    // Of an id that a terminal does not show as it is, what is shown would be another's.
    if (Printable(client.client_id()) == client.client_id()) names.push_back(client.client_id());
  }
  return names;
}

}  // namespace

Verb AddCompletion(CLI::App& program, GlobalSettings& /*global*/) {
  const auto settings = std::make_shared<CompletionSettings>();
  CLI::App& completion = AddVerb(program, "completion", "Print a script that completes words in a shell",
                                 "  source <(livenessctl completion bash)\n"
                                 "  source <(livenessctl completion zsh)\n"
                                 "  livenessctl completion fish | source\n");
  completion.add_option("SHELL", settings->shell, "bash, zsh or fish")
      ->required()
      ->type_name("bash|zsh|fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
  return {&completion, [settings](const GlobalSettings& /*global*/, const Words& words) {
            return TakeNoWords(*settings, words);
          }};
}

ExitCode RunVerb(const CompletionSettings& settings, Context& context) {
  context.terminal.out << common::CompletionScript("livenessctl", settings.shell) << std::flush;
  return ExitCode::kOk;
}

ExitCode RunComplete(const std::vector<std::string>& words, Terminal& terminal) {
  QuietGrpc();
  const common::Completion completion = common::Complete(ProgramDoc(), words);
  terminal.out << common::CompletionLines(completion);
  if (completion.rest == common::Completion::Rest::kNames && completion.argument == "NAME") {
    for (const std::string& name : Names(completion, completion.part)) terminal.out << name << '\n';
  }
  terminal.out.flush();
  return ExitCode::kOk;
}

}  // namespace liveness::cli
