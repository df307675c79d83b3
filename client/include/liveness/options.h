// What a client is told at its start.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <liveness/detection.h>
#include <liveness/keepalive.h>
#include <liveness/state.h>

namespace liveness {

using Labels = std::map<std::string, std::string>;

// Paths of PEM files. The files are read anew for every connection, so a renewed
// certificate is taken up without a restart.
struct Tls {
  // Roots that sign the server's certificate; empty: the system's.
  std::string ca_file;
  // For mutual TLS: this client's certificate and key; both or neither.
  std::string cert_file;
  std::string key_file;
  // The name expected in the server's certificate; empty: the target's host.
  std::string server_name;
};

struct ClientOptions {
  // Servers, "host:port" or "unix:path" each, the path of at most 107 bytes.
  // Required. The targets are tried in this order, from the one after the last that
  // served this client, and all of them before any wait. A session goes on at any server
  // of one cluster.
  std::vector<std::string> targets;

  // Stable name of this client, 1-128 bytes of UTF-8, no control characters. Required.
  // Two processes must not share an id, because the younger supersedes the older for good.
  std::string client_id;
  // Names this start of the process. Empty: 128 random bits in hex.
  std::string instance_id;

  // At most 32; keys of 1-63 bytes, values of at most 256.
  Labels labels;

  // Sets heartbeat and keepalive at once; `interval`, `timeout` and `keepalive`,
  // where given, go before the preset. Unset: the server's heartbeat, standard keepalive.
  std::optional<Preset> preset;
  // Time between pings. The server may raise or lower this; Welcome says what holds.
  std::optional<std::chrono::nanoseconds> interval;
  // Silence after which either side gives the other up; at least `interval`.
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<Keepalive> keepalive;

  // In place of `interval` and `timeout`, which must be unset; of a preset only
  // the keepalive is taken then.
  std::optional<Quality> quality;
  // How this client's silence is judged. Unset: the server's default, kFixed.
  std::optional<Detection> detection;

  // About this process, for whoever looks at the registry.
  std::string host;                 // empty: gethostname()
  std::optional<std::int64_t> pid;  // unset: getpid()
  std::string version;              // of the application, at most 128 bytes
  // What to tell if this process dies without goodbye, at most 1024 bytes.
  std::string last_will;

  // Unset: plaintext.
  std::optional<Tls> tls;
  // A file with a bearer token, on one line, which says who this client is; empty: none. It is read anew for
  // every stream. A token is shown over TLS, to a Unix socket or to this host (127.0.0.1, [::1], localhost)
  // alone: otherwise Start() fails with BAD_TOKEN_FILE.
  std::string token_file;
  // Connect through the HTTP proxy that $grpc_proxy, $https_proxy or $http_proxy names, but for the hosts
  // in $no_proxy. False: to the targets themselves, whatever the environment says.
  bool http_proxy = false;

  // Come back into the same session (same incarnation) after a broken stream.
  // False: each connection begins a new session.
  bool resume = true;

  // A connection must stand within `connect_timeout` and be welcomed within
  // `welcome_timeout`, both from the start of the attempt, or the next target is tried.
  std::chrono::milliseconds connect_timeout{2'000};
  std::chrono::milliseconds welcome_timeout{5'000};
  // How long the destructor and Goodbye() wait for the server to confirm the goodbye.
  std::chrono::milliseconds goodbye_timeout{500};

  // Called on each change of state, in order, one at a time, from the client's
  // own thread, under no lock: any method of the client but its destructor may
  // be called from it. No ping is sent while the callback runs, so be quick. May be
  // called before Start() has returned; not after the destructor has.
  std::function<void(const StateChange&)> on_state;
};

}  // namespace liveness
