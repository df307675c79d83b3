// A client as a row of a table. Pure, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "client/cli/print/table.h"
#include "common/clock.h"
#include "liveness/v1/client.pb.h"

namespace liveness::cli {

// `wide`: with every column. WHY among them is the verdict's sentence, which only a FULL view has.
std::vector<std::string> ClientHeaders(bool wide);

// The cells below ClientHeaders(wide). `now` is what the ages are reckoned from.
std::vector<Cell> ClientCells(const v1::Client& client, common::WallTime now, bool wide);

}  // namespace liveness::cli
