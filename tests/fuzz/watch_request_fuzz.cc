// WatchClients requests: refused, or within what the viewer may see.
#include <string>
#include <string_view>
#include <vector>

#include "server/core/filter/filter.h"
#include "server/core/record/client_fields.h"
#include "server/rpc/query/watch_request.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/made_record.h"
#include "tests/fuzz/parse.h"

namespace liveness::fuzz {

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds = {""};
  v1::WatchClientsRequest request;
  request.set_filter("state = ALIVE OR client_id = \"*\"");
  seeds.push_back(request.SerializeAsString());
  request.set_start_revision(4711);
  request.set_history_id("b3f0c2");
  request.mutable_bookmark_interval()->set_nanos(500'000'000);
  seeds.push_back(request.SerializeAsString());
  return seeds;
}

void Try(std::string_view input) {
  static const core::Filter view = core::Filter::Parse("client_id = \"shop/*\"", core::WatchSchema()).value();
  static const core::ClientRecord strange = MadeRecord("payroll/1"), own = MadeRecord();
  v1::WatchClientsRequest request;
  if (!Parse(input, request)) return;
  if (const auto interval = rpc::BookmarkInterval(request); interval.ok()) {
    Require(*interval >= rpc::kMinBookmarkInterval && *interval <= rpc::kMaxBookmarkInterval,
            "the interval is within bounds");
  }
  const auto watch = rpc::ParseWatch(request, view);
  if (!watch.ok()) return;
  Require(watch->filter && !watch->filter(strange), "nobody sees beyond its view");
  const auto asked = core::Filter::Parse(request.filter(), core::WatchSchema());
  Require(asked.ok() && watch->filter(own) == asked->Matches(core::ClientFields(own)),
          "within its view it sees what it asked for");
}

}  // namespace liveness::fuzz
