#include "client/cli/print/list_printer.h"

#include <utility>

#include "client/cli/print/name_line.h"

namespace liveness::cli {

ListPrinter::ListPrinter(const std::string& field, std::vector<std::string> headers,
                         const GlobalSettings& global, Terminal& terminal)
    : global_(global),
      terminal_(terminal),
      document_(terminal.out, field, global.output),
      table_(terminal.out, std::move(headers), {.headers = !global.no_headers, .color = terminal.color}) {}

void ListPrinter::Add(const google::protobuf::Message& item, std::string_view name,
                      const std::function<std::vector<Cell>()>& cells) {
  empty_ = false;
  if (IsDocument(global_.output)) {
    document_.Add(item);
  } else if (IsTable()) {
    table_.AddRow(cells());
  } else {
    PrintName(name, global_, terminal_);
  }
}

void ListPrinter::Flush() {
  if (IsTable() && !empty_) table_.Flush();
}

void ListPrinter::Finish(std::string_view nothing) {
  if (IsDocument(global_.output)) return document_.Finish();
  Flush();
  if (IsTable() && empty_) terminal_.err << nothing << '\n';
}

bool ListPrinter::IsTable() const {
  return !IsDocument(global_.output) && global_.output != OutputFormat::kName;
}

}  // namespace liveness::cli
