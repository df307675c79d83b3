// `livenessctl list`: every client that matches, page by page.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "client/cli/print/client_table.h"
#include "client/cli/print/message_writer.h"
#include "client/cli/print/name_line.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/verbs/verbs.h"
#include "common/limits.h"

namespace liveness::cli {
namespace {

// Calls `on_page` for each page until the last, the limit, or an error.
absl::Status EachPage(Api& api, const ListSettings& settings, bool full,
                      const std::function<void(const v1::ListClientsResponse&)>& on_page) {
  v1::ListClientsRequest request;
  request.set_filter(settings.filter);
  request.set_order_by(settings.order_by);
  request.set_view(full ? v1::CLIENT_VIEW_FULL : v1::CLIENT_VIEW_BASIC);
  std::int64_t left = settings.limit;
  do {
    request.set_page_size(settings.limit > 0
                              ? static_cast<int>(std::min<std::int64_t>(left, common::kMaxPageSize))
                              : common::kMaxPageSize);
    auto page = api.ListClients(request);
    if (!page.ok()) return page.status();
    on_page(*page);
    left -= page->clients_size();
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty() && (settings.limit == 0 || left > 0));
  return absl::OkStatus();
}

}  // namespace

ExitCode RunList(Api& api, const GlobalSettings& global, const ListSettings& settings, Terminal& terminal) {
  const OutputFormat output = global.output;
  absl::Status status;
  if (output == OutputFormat::kJson || output == OutputFormat::kYaml) {
    MessageWriter writer(terminal.out, "clients", output == OutputFormat::kYaml);
    status = EachPage(api, settings, true, [&](const v1::ListClientsResponse& page) {
      for (const v1::Client& client : page.clients()) writer.Add(client);
    });
    if (status.ok()) writer.Finish();
  } else if (output == OutputFormat::kName) {
    status = EachPage(api, settings, false, [&](const v1::ListClientsResponse& page) {
      for (const v1::Client& client : page.clients()) PrintName(client.name(), global, terminal);
    });
  } else {
    ClientTable table(terminal.out, output == OutputFormat::kWide,
                      {.headers = !global.no_headers, .color = terminal.color});
    bool empty = true;
    status = EachPage(api, settings, false, [&](const v1::ListClientsResponse& page) {
      for (const v1::Client& client : page.clients()) table.Add(client, FromProto(page.as_of()));
      empty = empty && page.clients_size() == 0;
      if (!empty) table.Flush();
    });
    if (status.ok() && empty) {
      terminal.err << (settings.filter.empty() ? "No clients are known." : "No clients match the filter.")
                   << '\n';
    }
  }
  return status.ok() ? ExitCode::kOk : Fail(status, api, terminal);
}

}  // namespace liveness::cli
