// `livenessctl list`: every client that matches, page by page.
#include <CLI/CLI.hpp>
#include <memory>

#include "client/cli/print/client_table.h"
#include "client/cli/print/list_printer.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/verbs/pages.h"
#include "client/cli/verbs/verbs.h"
#include "common/flags/numbers.h"

namespace liveness::cli {

Verb AddList(CLI::App& program, GlobalSettings& global) {
  const auto settings = std::make_shared<ListSettings>();
  CLI::App& list = AddVerb(program, "list", "List clients",
                           "  livenessctl list\n"
                           "  livenessctl list --filter='state = DEAD AND labels.zone = \"eu-*\"' -o wide\n"
                           "  livenessctl list -o json | jq -r '.clients[].client_id'\n");
  AddFilter(list, settings->filter);
  list.add_option("--limit", settings->limit, "At most so many; default 0: all")->check(common::AnyCount());
  list.add_option("--order-by", settings->order_by,
                  "client_id (default), state_time, rtt or last_heartbeat_time, also with ' desc':\n"
                  "of the last three the first 1000 of all")
      ->type_name("ORDER");
  AddNull(list, global);
  return {&list, [settings](const GlobalSettings& /*global*/, const Words& words) {
            return TakeNoWords(*settings, words);
          }};
}

ExitCode RunVerb(const ListSettings& settings, Context& context) {
  const bool wide = context.global.output == OutputFormat::kWide;
  ListPrinter printer("clients", ClientHeaders(wide), context.global, context.terminal);
  v1::ListClientsRequest request;
  request.set_filter(settings.filter);
  request.set_order_by(settings.order_by);
  const bool full = IsDocument(context.global.output) || wide;
  request.set_view(full ? v1::CLIENT_VIEW_FULL : v1::CLIENT_VIEW_BASIC);
  std::int64_t shown = 0;
  bool truncated = false;
  const absl::Status status = EachPage(
      *context.api, &Api::ListClients, request, settings.limit, [&](const v1::ListClientsResponse& page) {
        for (const v1::Client& client : page.clients()) {
          ++shown;
          printer.Add(client, client.name(),
                      [&] { return ClientCells(client, FromProto(page.as_of()), wide); });
        }
        printer.Flush();
        truncated = page.truncated();
        return true;
      });
  if (!status.ok()) return Fail(status, context);
  printer.Finish(settings.filter.empty() ? "No clients are known." : "No clients match the filter.");
  if (truncated && (settings.limit == 0 || shown < settings.limit)) {
    context.terminal.out.flush();
    context.terminal.err << "livenessctl: these are the first " << shown << " in order of "
                         << settings.order_by << "; there are more that match\n";
  }
  return ExitCode::kOk;
}

}  // namespace liveness::cli
