#include "client/cli/doctor/examination.h"

#include <grpc/support/time.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/api/channel.h"
#include "client/cli/doctor/connection.h"
#include "client/cli/doctor/heartbeat_probe.h"
#include "client/cli/doctor/proxy.h"
#include "client/cli/doctor/socket_view.h"
#include "client/cli/doctor/tls_probe.h"
#include "client/cli/print/proto_text.h"
#include "common/duration_text.h"
#include "common/grpc/grpc_status.h"
#include "common/grpc/socket_mutator.h"
#include "common/keepalive.h"
#include "common/random.h"
#include "common/target.h"
#include "common/tls_files.h"
#include "liveness/v1/admin_service.grpc.pb.h"
#include "liveness/v1/registry_service.grpc.pb.h"

namespace liveness::cli::doctor {
namespace {

constexpr common::Duration kLeastInterval = std::chrono::milliseconds(100);
// Who speaks HTTP/2 answers at once; who says nothing is not waited for as long as for a connection.
constexpr common::Duration kSpeechPatience = std::chrono::seconds(2);

gpr_timespec FromNow(common::Duration span) { return gpr_time_from_nanos(span.count(), GPR_TIMESPAN); }

int Milliseconds(common::Duration span) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(span).count());
}

// A connection as a client of ours makes it, with the keepalive of the preset `standard`.
std::shared_ptr<grpc::Channel> MakeProbeChannel(const Facts& facts, const common::TlsContents& files,
                                                const std::shared_ptr<SocketView>& socket,
                                                const std::string& token) {
  const common::KeepaliveSettings keepalive = common::StandardPreset();
  grpc::ChannelArguments args;
  common::SetSocketMutator(args, keepalive.tcp, [socket](int fd) { socket->Set(fd); });
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, facts.proxy.is_used ? 1 : 0);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(keepalive.http2_time));
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(keepalive.http2_timeout));
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // gRPC's least time between attempts is also how long a connection may take.
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, Milliseconds(facts.timeout));
  args.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  if (!facts.tls_settings.server_name.empty()) args.SetSslTargetNameOverride(facts.tls_settings.server_name);
  return CreateChannel(common::GrpcTarget(facts.target), MakeCredentials(facts.tls_settings, files), args,
                       token);
}

template <typename Service, typename Request, typename Response>
absl::Status Ask(const std::shared_ptr<grpc::Channel>& channel, common::Duration limit,
                 grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                 const Request& request, Response& response) {
  grpc::ClientContext context;
  context.set_deadline(FromNow(limit));
  typename Service::Stub stub(channel);
  return common::FromGrpc((stub.*method)(&context, request, &response));
}

// Everything below gRPC. True if it is worth while to go on.
bool LookBelow(Facts& facts, StopFlag& stop, const std::function<void(const std::string&)>& on_step) {
  const bool is_unix = facts.target.starts_with(common::kUnixTarget);
  const std::string host = is_unix ? "localhost" : SplitTarget(facts.target).first;
  Proxy proxy;
  if (!is_unix) proxy = ProxyFor(host, [](const char* name) { return std::getenv(name); });
  proxy.facts.is_used = facts.proxy.is_used && !proxy.facts.address.empty() && !proxy.facts.is_exempt;
  facts.proxy = proxy.facts;
  const std::string& next_hop = proxy.facts.is_used ? proxy.facts.address : facts.target;

  on_step(absl::StrCat("looking up ", next_hop));
  std::vector<Address> addresses;
  facts.name = Resolve(next_hop, facts.timeout, addresses);
  if (!facts.name.failure.empty() || stop.IsSet()) return false;
  on_step(absl::StrCat("connecting to ", next_hop));
  Connection connection;
  facts.connects = ConnectAll(addresses, facts.timeout, connection);
  if (!connection.is_open() || stop.IsSet()) return false;
  const auto found = std::find_if(facts.connects.begin(), facts.connects.end(), [](const ConnectFacts& each) {
    return each.outcome == ConnectFacts::Outcome::kConnected;
  });
  const Address& reached = addresses[static_cast<std::size_t>(found - facts.connects.begin())];
  // Another connection, at its beginning, to the server.
  const auto again = [&] {
    Connection another = ConnectTo(reached, facts.timeout);
    if (proxy.facts.is_used && another.is_open()) OpenTunnel(another, proxy, facts.target, facts.timeout);
    return another;
  };
  if (proxy.facts.is_used) {
    on_step(absl::StrCat("asking the proxy ", proxy.facts.address, " for ", facts.target));
    const bool is_open = OpenTunnel(connection, proxy, facts.target, facts.timeout);
    facts.proxy = proxy.facts;
    if (!is_open || stop.IsSet()) return false;
  }
  const common::Duration patience = std::min(facts.timeout, kSpeechPatience);
  const auto listen = [&](Connection& to) {
    to.Send(Http2Preface(), patience);
    const auto received = to.Receive(NeedsMore, patience);
    return Identify(received.bytes, received.closed);
  };
  if (facts.tls_settings.enabled) {
    on_step("shaking hands by TLS");
    facts.tls = ShakeHands(connection, facts.tls_settings, host, facts.timeout);
    if (!facts.tls->is_done && !facts.tls->refuses_our_cert && !stop.IsSet()) {
      Connection plain = again();
      if (plain.is_open()) facts.speech = listen(plain);
    }
    return facts.tls->is_done && facts.tls->failure.empty() && facts.tls->has_http2 &&
           !facts.tls->is_untrusted && !facts.tls->is_another_name && !facts.tls->is_out_of_time &&
           facts.tls->other_complaint.empty();
  }
  on_step("listening to what it speaks");
  facts.speech = listen(connection);
  if (facts.speech->kind == PortSpeech::Kind::kHttp2) return true;
  if (facts.speech->kind == PortSpeech::Kind::kHttp1 || facts.speech->kind == PortSpeech::Kind::kOther)
    return false;
  Connection encrypted = again();
  if (encrypted.is_open()) facts.tls = ShakeHands(encrypted, facts.tls_settings, host, patience);
  return false;
}

std::string ThrowAwayId(const DoctorSettings& settings) {
  return settings.id.empty() ? absl::StrCat("doctor-", common::RandomHexId().substr(0, 12)) : settings.id;
}

void LookAtHeartbeat(Facts& facts, const DoctorSettings& settings,
                     const std::shared_ptr<grpc::Channel>& channel, const SocketView& socket, StopFlag& stop,
                     const common::Clock& clock, const std::function<void(const std::string&)>& on_step) {
  on_step(absl::StrCat("beating for ", common::FormatDuration(settings.beat_for)));
  HeartbeatFacts& heartbeat = facts.heartbeat.emplace();
  HeartbeatProbe probe({ThrowAwayId(settings), settings.beat_for, facts.timeout}, channel, socket, stop,
                       clock);
  if (!probe.Begin(heartbeat)) return;
  probe.Beat(heartbeat);
  v1::GetClientRequest request;
  request.set_name(ClientName(heartbeat.client_id));
  request.set_view(v1::CLIENT_VIEW_FULL);
  v1::Client client;
  if (Ask<v1::RegistryService>(channel, facts.timeout, &v1::RegistryService::Stub::GetClient, request, client)
          .ok()) {
    facts.socket.peer_as_told = client.peer_address();
    facts.client = std::move(client);
  }
  if (heartbeat.refusal.ok() && heartbeat.path.answered > 0 && !stop.IsSet()) {
    on_step("asking which timeout is safe");
    const bool is_told = facts.server_status && facts.server_status->ok();
    const common::Duration least = is_told ? FromProto(facts.server.min_interval()) : kLeastInterval;
    facts.quality = probe.AskQuality(settings.mistake_recurrence, least);
  }
  heartbeat.has_left = probe.Leave();
}

}  // namespace

absl::StatusOr<Facts> Examine(const std::string& target, const GlobalSettings& global,
                              const DoctorSettings& settings, StopFlag& stop, const common::Clock& clock,
                              const std::function<void(const std::string& step)>& on_step) {
  Facts facts;
  facts.target = target;
  facts.tls_settings = global.tls;
  facts.timeout = global.timeout;
  facts.now = clock.Wall();
  facts.proxy.is_used = global.http_proxy;
  common::TlsContents files;
  if (global.tls.enabled) {
    auto read = common::ReadTlsFiles({global.tls.cert_file, global.tls.key_file, global.tls.ca_file});
    if (!read.ok()) return read.status();
    files = *std::move(read);
  }
  const absl::StatusOr<std::string> token = ReadToken(global);
  if (!token.ok()) return token.status();
  if (!LookBelow(facts, stop, on_step) || stop.IsSet()) {
    facts.was_stopped = stop.IsSet();
    return facts;
  }
  on_step("asking the server about itself");
  const auto socket = std::make_shared<SocketView>();
  const std::shared_ptr<grpc::Channel> channel = MakeProbeChannel(facts, files, socket, *token);
  facts.server_status = Ask<v1::AdminService>(channel, facts.timeout, &v1::AdminService::Stub::GetServerInfo,
                                              v1::GetServerInfoRequest(), facts.server);
  facts.socket.local_address = socket->LocalAddress();
  facts.socket.keepalive = socket->Keepalive();
  // Who may not ask about the server may be a client of it all the same.
  const bool is_refused =
      absl::IsPermissionDenied(*facts.server_status) || absl::IsUnauthenticated(*facts.server_status);
  if ((facts.server_status->ok() || is_refused) && !stop.IsSet()) {
    LookAtHeartbeat(facts, settings, channel, *socket, stop, clock, on_step);
  }
  facts.was_stopped = stop.IsSet();
  return facts;
}

}  // namespace liveness::cli::doctor
