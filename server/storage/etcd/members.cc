#include "server/storage/etcd/members.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include <grpc/grpc.h>
#include <grpc/support/time.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/grpc/socket_mutator.h"
#include "common/tls_files.h"
#include "common/utf8.h"

namespace liveness::storage::etcd {
namespace {

// A connection must stand within this.
constexpr int kConnectMs = 1000;
// Between attempts to connect.
constexpr int kRetryMs = 100, kMaxRetryMs = 500;
// How soon renewed files are used.
constexpr unsigned int kReadAgainSeconds = 1;
constexpr int kHttp2PingMs = 10'000, kHttp2TimeoutMs = 3'000;
constexpr common::TcpKeepalive kTcp{true, std::chrono::seconds(2), std::chrono::seconds(1), 3,
                                    std::chrono::seconds(5)};

absl::StatusOr<std::string> ReadFile(const char* flag, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat(flag, "=", path, ": ", std::strerror(errno)));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(const EtcdOptions& options) {
  if (options.ca_file.empty()) {
    if (options.cert_file.empty() && options.key_file.empty()) return grpc::InsecureChannelCredentials();
    return absl::InvalidArgumentError("--etcd-cert and --etcd-key need --etcd-ca");
  }
  if (options.cert_file.empty() != options.key_file.empty()) {
    return absl::InvalidArgumentError("--etcd-cert and --etcd-key go together");
  }
  if (auto status = CheckTlsFiles(options); !status.ok()) return status;
  // It reads them again by itself, for the connections that come after; what it cannot read it leaves as it
  // was.
  grpc::experimental::TlsChannelCredentialsOptions tls;
  if (options.cert_file.empty()) {
    tls.set_certificate_provider(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
        options.ca_file, kReadAgainSeconds));
  } else {
    tls.set_certificate_provider(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
        options.key_file, options.cert_file, options.ca_file, kReadAgainSeconds));
    tls.watch_identity_key_cert_pairs();
  }
  tls.watch_root_certs();
  return grpc::experimental::TlsCredentials(tls);
}

grpc::ChannelArguments Arguments(const EtcdOptions& options) {
  grpc::ChannelArguments args;
  common::SetSocketMutator(args, kTcp);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kHttp2PingMs);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kHttp2TimeoutMs);
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  // The least time between attempts is also how long one may take.
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMs);
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kRetryMs);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxRetryMs);
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // A change is tried again by us, who know what may be.
  args.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, options.http_proxy ? 1 : 0);
  args.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  args.SetMaxReceiveMessageSize(-1);
  if (!options.tls_name.empty()) args.SetSslTargetNameOverride(options.tls_name);
  return args;
}

}  // namespace

absl::Status CheckTlsFiles(const EtcdOptions& options) {
  constexpr common::TlsNames kNames = {"--etcd-cert", "--etcd-key", "--etcd-ca"};
  return common::ReadTlsFiles({options.cert_file, options.key_file, options.ca_file}, kNames).status();
}

absl::StatusOr<Members> Members::Create(const EtcdOptions& options) {
  if (options.endpoints.empty()) {
    return absl::InvalidArgumentError("--etcd-endpoints names no member, e.g. 10.0.0.1:2379,10.0.0.2:2379");
  }
  if (options.prefix.empty() || options.prefix.back() != '/') {
    return absl::InvalidArgumentError(absl::StrCat("--etcd-prefix=", options.prefix, " does not end in '/'"));
  }
  if (options.user.empty() != options.password_file.empty()) {
    return absl::InvalidArgumentError("--etcd-user and --etcd-password-file go together");
  }
  auto credentials = MakeCredentials(options);
  if (!credentials.ok()) return credentials.status();

  Members members;
  members.user_ = options.user;
  members.password_file_ = options.password_file;
  for (const std::string& address : options.endpoints) {
    if (address.empty() || absl::StrContains(address, "/") || !absl::StrContains(address, ":")) {
      return absl::InvalidArgumentError(absl::StrCat("--etcd-endpoints: \"", address, "\" is no HOST:PORT"));
    }
    auto member = std::make_unique<Member>();
    member->address = address;
    member->channel = grpc::CreateCustomChannel(address, *credentials, Arguments(options));
    member->kv = etcdserverpb::KV::NewStub(member->channel);
    member->watch = etcdserverpb::Watch::NewStub(member->channel);
    member->lease = etcdserverpb::Lease::NewStub(member->channel);
    member->auth = etcdserverpb::Auth::NewStub(member->channel);
    member->maintenance = etcdserverpb::Maintenance::NewStub(member->channel);
    members.members_.push_back(std::move(member));
  }
  if (members.logs_in()) {
    if (auto request = members.LogIn(); !request.ok()) return request.status();
  }
  return members;
}

void Members::KeepConnected() {
  for (const auto& member : members_) member->channel->GetState(true);
}

void Members::Prepare(grpc::ClientContext& context, common::Duration span) const {
  if (span > common::Duration::zero()) {
    context.set_deadline(gpr_time_from_nanos(span.count(), GPR_TIMESPAN));
  }
  // A member that has lost its leader says so, in place of silence.
  context.AddMetadata("hasleader", "true");
  if (!token_.empty()) context.AddMetadata("token", token_);
}

absl::StatusOr<etcdserverpb::AuthenticateRequest> Members::LogIn() const {
  auto text = ReadFile("--etcd-password-file", password_file_);
  if (!text.ok()) return text.status();
  etcdserverpb::AuthenticateRequest request;
  request.set_name(user_);
  request.set_password(text->substr(0, text->find_first_of("\r\n")));
  return request;
}

bool NeedsLogIn(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAUTHENTICATED ||
         absl::StrContains(status.error_message(), "invalid auth token") ||
         absl::StrContains(status.error_message(), "revision of auth store is old") ||
         absl::StrContains(status.error_message(), "user name is empty");
}

bool CertainlyNotDone(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::FAILED_PRECONDITION: return true;
    // Refused at the door, before it was proposed to anybody.
    default: return status.error_message() == "etcdserver: no leader";
  }
}

std::string WordsOf(const grpc::Status& status) {
  const std::string& words = status.error_message();
  return words.empty() ? absl::StrCat("gRPC status ", static_cast<int>(status.error_code()))
                       : common::PlainLine(words);
}

std::string Describe(const Member& member, const grpc::Status& status) {
  return absl::StrCat(member.address, ": ", WordsOf(status));
}

}  // namespace liveness::storage::etcd
