#include "server/app/config/listen_flags.h"

#include <charconv>
#include <utility>

#include "common/flags/numbers.h"

namespace liveness::app {
namespace {

constexpr mode_t kMostMode = 0777;

}  // namespace

void ListenFlags::AddTo(CLI::App& app, ListenSettings& settings) {
  const std::string group = "Listening";
  listen_ =
      app.add_option("--listen", settings.text,
                     "Where to serve: HOST:PORT, port 0 picks a free one; unix:PATH; several with commas. "
                     "All addresses of a name are listened on, or the server does not start. Not given, "
                     "and with sockets from systemd (LISTEN_FDS): on those alone")
          ->type_name("ADDRESS,...")
          ->capture_default_str()
          ->group(group);
  app.add_option("--listen-unix-mode", mode_, "Permissions of a Unix socket's file, octal")
      ->type_name("MODE")
      ->capture_default_str()
      ->group(group);
  app.add_option(
         "--listen-backlog", settings.backlog,
         "Connections that may wait to be accepted, on each address; net.core.somaxconn bounds it too; "
         "0: as many as that")
      ->check(common::CountBetween(0, 1'000'000))
      ->type_name("COUNT")
      ->capture_default_str()
      ->group(group);
  app.add_option(
         "--max-connections", settings.max_connections,
         "Connections at one time; more are closed at once. 0: the limit of open files less a reserve")
      ->check(common::CountBetween(0, 100'000'000))
      ->type_name("COUNT")
      ->capture_default_str()
      ->group(group);
  app.add_option("--max-connection-rate", settings.max_connection_rate,
                 "New connections a second from one address (IPv6: from one /64), ten times as many at once "
                 "after a rest; more are closed at once; 0: no limit")
      ->check(common::CountBetween(0, 1'000'000))
      ->type_name("COUNT")
      ->capture_default_str()
      ->group(group);
}

std::string ListenFlags::ApplyTo(ListenSettings& settings) const {
  auto addresses = net::ParseListenAddresses(settings.text);
  if (!addresses.ok()) return "--listen=" + std::string(addresses.status().message());
  settings.addresses = *std::move(addresses);
  settings.given = listen_ != nullptr && listen_->count() > 0;
  const char* const end = mode_.data() + mode_.size();
  const auto [parsed, error] = std::from_chars(mode_.data(), end, settings.unix_mode, 8);
  if (error != std::errc() || parsed != end || settings.unix_mode > kMostMode) {
    return "--listen-unix-mode=" + mode_ + ": must be octal permissions, such as 0660";
  }
  return {};
}

}  // namespace liveness::app
