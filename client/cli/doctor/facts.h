// What `livenessctl doctor` saw of a server and of the way to it. Plain data: the probes fill it,
// findings.h draws conclusions. What was not looked at is unset or empty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/cli/doctor/path_figures.h"
#include "client/cli/doctor/port_speech.h"
#include "client/cli/settings.h"
#include "common/clock.h"
#include "common/tcp_keepalive.h"
#include "common/tls_files.h"
#include "liveness/v1/admin_service.pb.h"
#include "liveness/v1/client.pb.h"
#include "liveness/v1/heartbeat_service.pb.h"

namespace liveness::cli::doctor {

// How a name was turned into addresses.
struct NameFacts {
  std::string failure;                 // empty: it was
  std::vector<std::string> addresses;  // 10.0.0.5:7700, [::1]:7700, unix:PATH
  bool is_literal = false;             // nothing had to be looked up
  common::Duration took{};
};

// The proxy of the environment, as gRPC reads it.
struct ProxyFacts {
  std::string variable;      // http_proxy and so on; empty: no proxy is named
  std::string address;       // HOST:PORT, without the user and password that may stand before it
  bool is_exempt = false;    // $no_proxy names the target
  bool is_used = false;      // --http-proxy was given and the target is not exempt
  std::string answer;        // what it said to CONNECT: `HTTP/1.1 200 OK`; empty: nothing
  bool has_refused = false;  // it opened no way to the target
};

struct ConnectFacts {
  enum class Outcome { kConnected, kRefused, kTimedOut, kUnreachable, kFailed };
  std::string address;
  Outcome outcome = Outcome::kFailed;
  common::Duration took{};
  std::string failure;  // what the kernel said, but for kConnected
};

// The handshake that OpenSSL made with the port, whatever it thought of the certificate.
struct TlsFacts {
  bool is_done = false;           // false: `failure` says what went wrong
  std::string failure;            // as OpenSSL words it
  std::string version;            // TLSv1.3
  bool has_http2 = false;         // it chose h2 by ALPN
  bool asks_for_cert = false;     // of ours
  bool refuses_our_cert = false;  // or the lack of one, after the handshake
  std::string expected_name;      // what its certificate was held against
  common::CertificateFacts leaf;  // its certificate
  bool is_untrusted = false;      // no root of ours signed it
  bool is_another_name = false;   // it is not for `expected_name`
  bool is_out_of_time = false;    // expired, or not valid yet
  std::string other_complaint;    // any other, as OpenSSL words it
};

// The socket that the heartbeats went over.
struct SocketFacts {
  std::string local_address;                      // empty: a Unix socket, or it has closed
  std::optional<common::TcpKeepalive> keepalive;  // as the kernel has it
  std::string peer_as_told;                       // our own end as the server sees it
};

// The stay of a throw-away client.
struct HeartbeatFacts {
  std::string client_id;
  absl::Status refusal;  // of the hello, or why the stream ended early; OK: neither
  std::optional<v1::Welcome> welcome;
  PathFigures path;
  // Of the server's clock minus ours, reckoned from the pongs of the shortest round trips.
  std::optional<common::Duration> clock_offset;
  bool has_left = false;  // its goodbye was confirmed
};

// What the server answered to a client that asks for a quality.
struct QualityFacts {
  common::Duration recurrence{};       // that was asked for
  std::optional<v1::Welcome> granted;  // the shortest found_within that it granted
  common::Duration refused_within{};   // the longest that it refused; zero: none
  std::string refusal;                 // its words on that one
  absl::Status failure;                // asking came to nothing; OK: it did not
};

struct Facts {
  std::string target;
  TlsSettings tls_settings;
  common::WallTime now{};
  common::Duration timeout{};  // how long each step was waited for
  NameFacts name;
  ProxyFacts proxy;
  std::vector<ConnectFacts> connects;
  std::optional<PortSpeech> speech;  // to somebody who speaks HTTP/2 in plain text
  std::optional<TlsFacts> tls;       // also without --tls, where a port that says nothing may want TLS
  // GetServerInfo; unset: it was not asked for.
  std::optional<absl::Status> server_status;
  v1::ServerInfo server;  // if that is OK
  SocketFacts socket;
  std::optional<HeartbeatFacts> heartbeat;
  std::optional<v1::Client> client;  // as the server knew it
  std::optional<QualityFacts> quality;
  bool was_stopped = false;  // by a signal: what stands here is what was seen until then

  bool IsConnected() const {
    for (const ConnectFacts& each : connects) {
      if (each.outcome == ConnectFacts::Outcome::kConnected) return true;
    }
    return false;
  }
};

}  // namespace liveness::cli::doctor
