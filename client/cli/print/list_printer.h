// A list of clients or transitions in the format that was asked for: one JSON or YAML document, names, or a
// table. Not thread-safe.
#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/print/message.h"
#include "client/cli/print/table.h"
#include "client/cli/settings.h"
#include "client/cli/terminal.h"

namespace liveness::cli {

class ListPrinter {
 public:
  // `field` is the list's name in a document, `headers` are those of the table. `global` and `terminal` are
  // kept.
  ListPrinter(const std::string& field, std::vector<std::string> headers, const GlobalSettings& global,
              Terminal& terminal);

  // `name` is the client's, clients/ID. `cells` gives the table's row, and is called only for a table.
  void Add(const google::protobuf::Message& item, std::string_view name,
           const std::function<std::vector<Cell>()>& cells);
  // Writes the table's rows so far, so that a long list can be read while it comes.
  void Flush();
  // Ends the list. Says `nothing` on stderr where a table would have been empty. REQUIRES: called once, last.
  void Finish(std::string_view nothing);

 private:
  bool IsTable() const;

  const GlobalSettings& global_;
  Terminal& terminal_;
  MessageWriter document_;
  Table table_;
  bool empty_ = true;
};

}  // namespace liveness::cli
