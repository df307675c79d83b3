// One hook as the configuration file has it, a `[[hook]]` table:
//
//   [[hook]]
//   name = "pager"                        # keeps its place in history under this name
//   url = "https://hooks.example.com/in"  # or command = ["/usr/local/bin/page", "--team=shop"]
//   secret-file = "/etc/liveness/pager"   # one whsec_ key a line; each signs
//   filter = "labels.team = shop"
//   events = ["transitions", "groups"]
//
// A value; compared to see which hooks a new configuration changes. hook_table.h reads it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "server/hooks/secret.h"

namespace liveness::hooks {

struct HookConfig {
  static constexpr std::size_t kMaxHooks = 64;
  static constexpr std::size_t kMaxNameBytes = 63;

  std::string name;                  // [a-z0-9-], not empty
  std::string url;                   // http or https; empty: a command
  std::vector<std::string> command;  // the program and its arguments; no shell reads them

  std::string filter;  // as of a watch, checked against core::WatchSchema(); empty: everything
  bool transitions = true;
  bool groups = true;
  bool include_maintenance = false;  // tell also of clients in MAINTENANCE

  common::Duration timeout = std::chrono::seconds(10);  // of one attempt, connecting included
  common::Duration retry_for = std::chrono::hours(24);  // then the event is given up
  std::vector<Secret> secrets;                          // empty: unsigned
  std::string secret_file;                              // where they came from
  bool allow_private = false;  // of `url`: private, link-local and loopback addresses
  std::string ca_file;         // PEM; empty: the system's
  std::string proxy;           // of `url`; empty: none, whatever the environment says

  bool operator==(const HookConfig&) const = default;
};
using HookConfigPtr = std::shared_ptr<const HookConfig>;

// A url as it may be shown: user and password masked, and the path and query with them, for many receivers
// know by these alone who calls. `https://***@hooks.example.com/***`.
std::string ShownUrl(const std::string& url);

}  // namespace liveness::hooks
