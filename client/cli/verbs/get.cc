// `livenessctl get NAME...`: all that is known of each.
#include <optional>
#include <string>
#include <vector>

#include "client/cli/print/client_table.h"
#include "client/cli/print/describe.h"
#include "client/cli/print/error_text.h"
#include "client/cli/print/last_words.h"
#include "client/cli/print/message_writer.h"
#include "client/cli/print/name_line.h"
#include "client/cli/print/proto_output.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/verbs/verbs.h"

namespace liveness::cli {
namespace {

// Writes found clients in the format asked for: one alone in JSON and YAML,
// several as a list.
class Printer {
 public:
  Printer(const GlobalSettings& global, const GetSettings& settings, common::WallTime now, Terminal& terminal)
      : global_(global),
        output_(FormatOf(global.output, settings.last_words)),
        several_(settings.names.size() > 1),
        last_words_(settings.last_words),
        no_headers_(global.no_headers),
        now_(now),
        terminal_(terminal),
        table_(terminal.out, output_ == OutputFormat::kWide,
               {.headers = !global.no_headers, .color = terminal.color}),
        list_(terminal.out, "clients", output_ == OutputFormat::kYaml) {}

  void Add(const v1::Client& client) {
    switch (output_) {
      case OutputFormat::kTable:
      case OutputFormat::kWide: table_.Add(client, now_); break;
      case OutputFormat::kName: PrintName(client.name(), global_, terminal_); break;
      case OutputFormat::kJson:
      case OutputFormat::kYaml:
        if (several_) {
          list_.Add(client);
        } else if (output_ == OutputFormat::kJson) {
          terminal_.out << ToJson(client) << '\n';
        } else {
          terminal_.out << ToYaml(client);
        }
        break;
      case OutputFormat::kUnset:
        if (found_ > 0) terminal_.out << '\n';
        terminal_.out << (last_words_ ? DescribeLastWords(client, now_, {.headers = !no_headers_})
                                      : Describe(client, now_, terminal_.color));
        break;
    }
    ++found_;
  }

  void Finish() {
    const bool document = output_ == OutputFormat::kJson || output_ == OutputFormat::kYaml;
    const bool table = output_ == OutputFormat::kTable || output_ == OutputFormat::kWide;
    if (document && several_) list_.Finish();
    if (table && found_ > 0) table_.Flush();
    terminal_.out.flush();
  }

 private:
  // Last words have no columns of their own: every format for people shows them alike.
  static OutputFormat FormatOf(OutputFormat output, bool last_words) {
    const bool table = output == OutputFormat::kTable || output == OutputFormat::kWide;
    return last_words && table ? OutputFormat::kUnset : output;
  }

  const GlobalSettings& global_;
  const OutputFormat output_;
  const bool several_;
  const bool last_words_;
  const bool no_headers_;
  const common::WallTime now_;
  Terminal& terminal_;
  ClientTable table_;
  MessageWriter list_;
  int found_ = 0;
};

}  // namespace

ExitCode RunGet(Api& api, const GlobalSettings& global, const GetSettings& settings, Terminal& terminal) {
  std::optional<Printer> printer;
  std::vector<std::string> unknown;
  for (const std::string& name : settings.names) {
    v1::GetClientRequest request;
    request.set_name(ClientName(name));
    request.set_view(v1::CLIENT_VIEW_FULL);
    const auto client = api.GetClient(request);
    if (client.ok()) {
      if (!printer) printer.emplace(global, settings, api.ServerTime(terminal.clock.Wall()), terminal);
      printer->Add(*client);
      continue;
    }
    if (!absl::IsNotFound(client.status())) return Fail(client.status(), api, terminal);
    unknown.push_back(name);
  }
  if (printer) printer->Finish();
  for (const std::string& name : unknown) {
    Fail(ExitCode::kNotFound, NoClientText(name, api.server()), terminal);
  }
  return unknown.empty() ? ExitCode::kOk : ExitCode::kNotFound;
}

}  // namespace liveness::cli
