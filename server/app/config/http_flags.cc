#include "server/app/config/http_flags.h"

#include <utility>

#include "common/flags/numbers.h"

namespace liveness::app {
namespace {

constexpr char kOff[] = "none";

}  // namespace

void HttpFlags::AddTo(CLI::App& app, HttpSettings& settings) {
  const std::string group = "HTTP";
  listen_ = app.add_option(
                   "--http-listen", settings.text,
                   "Where to serve HTTP (the dashboard, /metrics, /livez, /readyz, /sd, /api/v1): HOST:PORT, "
                   "port 0 picks a free one; none: nowhere. With TLS by the same files as gRPC. The default "
                   "is left out, with a warning, if it is taken")
                ->type_name("HOST:PORT")
                ->capture_default_str()
                ->group(group);
  app.add_flag("--http-admin", settings.admin,
               "Let evict, maintenance and drain be asked for over HTTP, by whoever reaches the port")
      ->group(group);
  app.add_option(
         "--http-max-connections", settings.max_connections,
         "HTTP connections at one time, viewers of the dashboard included, and no more than an eighth of the "
         "limit of open files; one address has at most three quarters of them; more are told so and closed")
      ->check(common::CountBetween(4, 1'000'000))
      ->type_name("COUNT")
      ->capture_default_str()
      ->group(group);
  app.add_option(
         "--http-host", settings.host_names,
         "A name with a dot by which the HTTP port is asked, besides addresses and names without a dot; may "
         "be "
         "given several times. Requests for other names are refused, because they come from pages of others")
      ->type_name("NAME")
      ->group(group);
}

std::string HttpFlags::ApplyTo(HttpSettings& settings) const {
  settings.given = listen_->count() > 0;
  if (settings.text == kOff) return {};
  auto address = net::ParseListenAddress(settings.text);
  if (!address.ok()) return "--http-listen=" + std::string(address.status().message());
  if (address->is_unix()) return "--http-listen=" + settings.text + ": must be HOST:PORT or none";
  settings.address = *std::move(address);
  return {};
}

}  // namespace liveness::app
