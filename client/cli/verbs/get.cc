// `livenessctl get NAME...`: all that is known of each.
#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/print/client_table.h"
#include "client/cli/print/describe.h"
#include "client/cli/print/last_words.h"
#include "client/cli/print/list_printer.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/verbs/verbs.h"

namespace liveness::cli {
namespace {

// Writes found clients in the format asked for: one alone in JSON and YAML, several as a list.
class Printer {
 public:
  Printer(const GlobalSettings& global, const GetSettings& settings, common::WallTime now, Terminal& terminal)
      : global_(global),
        several_(settings.names.size() > 1),
        last_words_(settings.last_words),
        now_(now),
        terminal_(terminal),
        list_("clients", ClientHeaders(IsWide()), global, terminal) {}

  void Add(const v1::Client& client) {
    if (IsDescribed()) {
      if (found_ > 0) terminal_.out << '\n';
      terminal_.out << (last_words_ ? DescribeLastWords(client, now_, {.headers = !global_.no_headers})
                                    : Describe(client, now_, terminal_.color));
    } else if (several_ || !PrintMessage(client, global_.output, terminal_.out)) {
      list_.Add(client, client.name(), [&] { return ClientCells(client, now_, IsWide()); });
    }
    ++found_;
  }

  void Finish() {
    if (!IsDescribed() && (several_ || !IsDocument(global_.output))) list_.Finish("");
    terminal_.out.flush();
  }

 private:
  bool IsWide() const { return global_.output == OutputFormat::kWide; }
  // Last words have no columns of their own: every format for people shows them alike.
  bool IsDescribed() const {
    const bool table = global_.output == OutputFormat::kTable || IsWide();
    return global_.output == OutputFormat::kUnset || (last_words_ && table);
  }

  const GlobalSettings& global_;
  const bool several_;
  const bool last_words_;
  const common::WallTime now_;
  Terminal& terminal_;
  ListPrinter list_;
  int found_ = 0;
};

}  // namespace

Verb AddGet(CLI::App& program, GlobalSettings& global) {
  const auto settings = std::make_shared<GetSettings>();
  CLI::App& get = AddVerb(program, "get", "Show all that is known of clients, with the evidence",
                          "  livenessctl get web-1\n"
                          "  livenessctl get web-1 --last-words\n"
                          "  livenessctl get web-1 web-2 -o yaml\n");
  AddNames(get, settings->names);
  get.add_flag("--last-words", settings->last_words,
               "Of one that died without goodbye: its last will and its last minute");
  AddNull(get, global);
  return {&get, [settings](const GlobalSettings& /*global*/, const Words& words) {
            return TakeNames("get", *settings, words);
          }};
}

ExitCode RunVerb(const GetSettings& settings, Context& context) {
  Api& api = *context.api;
  Terminal& terminal = context.terminal;
  std::optional<Printer> printer;
  std::vector<std::string> unknown;
  for (const std::string& name : settings.names) {
    v1::GetClientRequest request;
    request.set_name(ClientName(name));
    request.set_view(v1::CLIENT_VIEW_FULL);
    const auto client = api.GetClient(request);
    if (client.ok()) {
      if (!printer)
        printer.emplace(context.global, settings, api.ServerTime(terminal.clock.Wall()), terminal);
      printer->Add(*client);
      continue;
    }
    if (!absl::IsNotFound(client.status())) return Fail(client.status(), context);
    unknown.push_back(name);
  }
  if (printer) printer->Finish();
  for (const std::string& name : unknown) FailNotFound(name, context);
  return unknown.empty() ? ExitCode::kOk : ExitCode::kNotFound;
}

}  // namespace liveness::cli
