// How a server finds and uses etcd. Each span's reason is beside it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"

namespace liveness::storage::etcd {

struct EtcdOptions {
  std::vector<std::string> endpoints;  // HOST:PORT, of the members of one etcd cluster
  std::string prefix = "/liveness/";   // of all our keys; ends in '/'
  std::string server_id;               // names this server's lease; unique in the cluster

  // PEM files. TLS is on if `ca_file` is given; the other two go together. Renewed ones hold for each
  // connection from then on.
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string tls_name;  // expected in etcd's certificate in place of the endpoint's host; empty: that host

  // Through the proxy that $grpc_proxy, $https_proxy or $http_proxy names. False: to the endpoints
  // themselves.
  bool http_proxy = false;

  std::string user;           // empty: none
  std::string password_file;  // its first line; read anew at each log-in, so that it can be rotated

  // After that long without a sign of life a server's clients are its neighbours'. It is kept alive three
  // times as often, and at least once a second; etcd takes no less than 2 s at its default election timeout.
  std::chrono::seconds lease_ttl{3};
  // How long a registration waits for an etcd that does not commit before it is refused.
  common::Duration begin_patience = std::chrono::seconds(2);
  // The longest that a transaction waits for its answer before its outcome counts as unknown. Longer than
  // an election, so that a change of leader is no failure.
  common::Duration write_timeout = std::chrono::seconds(5);
  // How long a start waits for an etcd that answers.
  common::Duration open_patience = std::chrono::seconds(10);

  // Transactions that are under way at a time, and changes in each (docs/adr/0014 has the figures).
  std::size_t max_in_flight = 4;
  std::size_t max_batch = 64;
  // Revisions that are read back at a start, and transitions that are kept.
  std::size_t max_history = 100'000;

  // A line for the operator. Called while the store is opened.
  std::function<void(std::string_view line)> log = [](std::string_view) {};
};

}  // namespace liveness::storage::etcd
