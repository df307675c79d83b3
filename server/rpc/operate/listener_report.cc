#include "server/rpc/operate/listener_report.h"

#include <cstdint>
#include <string>

#include "server/rpc/convert/convert.h"

namespace liveness::rpc {

void DescribeListener(const net::AcceptFigures& figures, std::optional<common::MonoTime> last_canary,
                      const common::Clock& clock, v1::Listener& info) {
  const auto count = [](auto value) { return static_cast<std::int64_t>(value); };
  const auto moment = [&clock](common::MonoTime then) { return clock.Wall() - (clock.Mono() - then); };
  for (const std::string& address : figures.addresses) info.add_addresses(address);
  info.set_connection_count(count(figures.connections));
  info.set_max_connection_count(count(figures.max_connections));
  info.set_accepted_count(count(figures.accepted));
  info.set_refused_count(count(figures.refused));
  info.set_rate_limited_count(count(figures.rate_limited));
  info.set_accept_error_count(count(figures.errors));
  info.set_last_accept_error(figures.last_error);
  if (figures.last_error_time) {
    ToProto(moment(*figures.last_error_time), *info.mutable_last_accept_error_time());
  }
  info.set_backlog_count(count(figures.backlog));
  info.set_max_backlog_count(count(figures.backlog_limit));
  info.set_backlog_dropped_count(count(figures.backlog_dropped));
  if (last_canary) ToProto(moment(*last_canary), *info.mutable_last_canary_time());
}

}  // namespace liveness::rpc
