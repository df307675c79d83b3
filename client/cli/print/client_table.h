// Clients as rows of a table. Not thread-safe.
#pragma once

#include <ostream>

#include "client/cli/print/table.h"
#include "common/clock.h"
#include "liveness/v1/client.pb.h"

namespace liveness::cli {

class ClientTable {
 public:
  // `wide`: every column. `out` is kept.
  ClientTable(std::ostream& out, bool wide, TableOptions options);

  // `now` is what the ages are reckoned from.
  void Add(const v1::Client& client, common::WallTime now);
  void Flush() { table_.Flush(); }

 private:
  const bool wide_;
  Table table_;
};

}  // namespace liveness::cli
