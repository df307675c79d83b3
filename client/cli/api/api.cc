#include "client/cli/api/api.h"

#include <grpc/support/time.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/support/async_stream.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/api/channel.h"
#include "client/cli/api/server_race.h"
#include "client/cli/print/proto_text.h"
#include "common/duration_text.h"
#include "common/grpc/grpc_status.h"
#include "common/mutex.h"
#include "common/saturating.h"
#include "common/tls_files.h"
#include "liveness/v1/admin_service.grpc.pb.h"
#include "liveness/v1/registry_service.grpc.pb.h"

namespace liveness::cli {
namespace {

// The time that a call gets if it begins when the time is up.
constexpr common::Duration kLeast = std::chrono::milliseconds(1);

// A deadline `span` from now. gRPC reads the clock when it is given a span.
gpr_timespec FromNow(common::Duration span) { return gpr_time_from_nanos(span.count(), GPR_TIMESPAN); }

}  // namespace

class Api::Impl {
 public:
  Impl(const GlobalSettings& settings, common::TlsContents tls_files, std::string token)
      : settings_(settings),
        tls_files_(std::move(tls_files)),
        token_(std::move(token)),
        channels_(settings.servers.size()) {}

  const std::string& server() const { return settings_.servers[current_]; }
  const TlsSettings& tls() const { return settings_.tls; }

  // Calls `method` of `Service`'s stub at one server after the other, beginning
  // with the one that answered last.
  template <typename Service, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                      Response*),
                                const Request& request) {
    failures_.clear();
    const common::MonoTime give_up = GiveUp();
    ServerRace race = Race(give_up);
    while (Connect(race)) {
      grpc::ClientContext context;
      context.set_deadline(
          FromNow(std::max<common::Duration>(give_up - common::SystemClock().Mono(), kLeast)));
      typename Service::Stub stub(channels_[current_]);
      Response response;
      SetCurrent(&context);
      absl::Status status = common::FromGrpc((stub.*method)(&context, request, &response));
      SetCurrent(nullptr);
      if (status.ok()) return response;
      if (!absl::IsUnavailable(status)) return status;
      channels_[current_].reset();
      failures_.push_back({server(), std::move(status)});
    }
    return is_cancelled() ? absl::CancelledError("the call was ended") : failures_.back().status;
  }

  const std::vector<Failure>& failures() const { return failures_; }

  absl::Status Watch(const v1::WatchClientsRequest& request, common::Duration silence_limit,
                     const std::function<void(const v1::WatchClientsResponse&)>& on_response) {
    failures_.clear();
    {
      ServerRace race = Race(GiveUp());
      if (!Connect(race)) {
        return is_cancelled() ? absl::CancelledError("the watch was ended") : failures_.back().status;
      }
    }
    grpc::ClientContext context;
    SetCurrent(&context);
    absl::Status status = Stream(context, request, silence_limit, on_response);
    SetCurrent(nullptr);
    channels_[current_].reset();
    NextServer();
    return status;
  }

  void Cancel() {
    common::MutexLock lock(mu_);
    cancelled_ = true;
    if (call_ != nullptr) call_->TryCancel();
  }

 private:
  void NextServer() { current_ = (current_ + 1) % channels_.size(); }

  common::MonoTime GiveUp() const {
    return common::SaturatingAdd(common::SystemClock().Mono(), settings_.timeout);
  }

  // A race of all servers, which begins with the current one.
  ServerRace Race(common::MonoTime give_up) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < channels_.size(); ++i) order.push_back((current_ + i) % channels_.size());
    return ServerRace(
        std::move(order),
        [this](std::size_t server, common::Duration patience) {
          if (std::shared_ptr<grpc::Channel> known = std::exchange(channels_[server], nullptr)) return known;
          if (credentials_ == nullptr) credentials_ = MakeCredentials(settings_.tls, tls_files_);
          return MakeChannel(settings_.servers[server], settings_.tls, credentials_, settings_.http_proxy,
                             patience, token_);
        },
        [this] { return is_cancelled(); }, give_up);
  }

  // The next server of the race becomes the current one. False if no server is left to be had; failures_ then
  // says why, server by server.
  bool Connect(ServerRace& race) {
    if (std::optional<ServerRace::Found> found = race.Next()) {
      current_ = found->server;
      channels_[current_] = std::move(found->channel);
      return true;
    }
    for (const std::size_t server : race.left()) {
      current_ = server;  // the last failure is that of server()
      failures_.push_back({settings_.servers[server],
                           absl::UnavailableError(absl::StrCat("no connection within ",
                                                               common::FormatDuration(settings_.timeout)))});
    }
    return false;
  }

  bool is_cancelled() {
    common::MutexLock lock(mu_);
    return cancelled_;
  }

  // Null: none is under way.
  void SetCurrent(grpc::ClientContext* context) {
    common::MutexLock lock(mu_);
    call_ = context;
    if (call_ != nullptr && cancelled_) call_->TryCancel();
  }

  absl::Status Stream(grpc::ClientContext& context, const v1::WatchClientsRequest& request,
                      common::Duration silence_limit,
                      const std::function<void(const v1::WatchClientsResponse&)>& on_response) {
    // A queue for this stream alone: only a queue lets one wait for a message with a time limit.
    grpc::CompletionQueue queue;
    v1::RegistryService::Stub stub(channels_[current_]);
    auto reader = stub.AsyncWatchClients(&context, request, &queue, this);
    v1::WatchClientsResponse response;
    bool silent = false;
    bool started = false;
    void* tag = nullptr;
    bool ok = false;
    for (;;) {
      const auto next = queue.AsyncNext(&tag, &ok, FromNow(silence_limit));
      if (next == grpc::CompletionQueue::TIMEOUT) {
        silent = true;
        context.TryCancel();
        queue.Next(&tag, &ok);
      }
      if (!ok) break;
      if (started && !silent) on_response(response);
      started = true;
      response.Clear();
      reader->Read(&response, this);
    }
    grpc::Status status;
    reader->Finish(&status, this);
    queue.Next(&tag, &ok);
    queue.Shutdown();
    while (queue.Next(&tag, &ok)) {
    }
    if (silent) {
      return absl::UnavailableError(
          absl::StrCat("nothing heard for ", common::FormatDuration(silence_limit)));
    }
    if (status.ok()) return absl::UnavailableError("the server ended the watch");
    return common::FromGrpc(status);
  }

  const GlobalSettings settings_;
  const common::TlsContents tls_files_;
  const std::string token_;                                // empty: none
  std::shared_ptr<grpc::ChannelCredentials> credentials_;  // made with the first channel
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::size_t current_ = 0;
  std::vector<Failure> failures_;

  common::Mutex mu_;
  grpc::ClientContext* call_ ABSL_GUARDED_BY(mu_) = nullptr;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
};

Api::Api(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Api::~Api() = default;

absl::StatusOr<std::unique_ptr<Api>> Api::Create(const GlobalSettings& settings) {
  common::TlsContents files;
  if (settings.tls.enabled) {
    auto read = common::ReadTlsFiles({settings.tls.cert_file, settings.tls.key_file, settings.tls.ca_file});
    if (!read.ok()) return read.status();
    files = *std::move(read);
  }
  const absl::StatusOr<std::string> token = ReadToken(settings);
  if (!token.ok()) return token.status();
  return std::unique_ptr<Api>(new Api(std::make_unique<Impl>(settings, std::move(files), *token)));
}

absl::StatusOr<v1::Client> Api::GetClient(const v1::GetClientRequest& request) {
  return impl_->Call<v1::RegistryService>(&v1::RegistryService::Stub::GetClient, request);
}

absl::StatusOr<v1::ListClientsResponse> Api::ListClients(const v1::ListClientsRequest& request) {
  return impl_->Call<v1::RegistryService>(&v1::RegistryService::Stub::ListClients, request);
}

absl::StatusOr<v1::ListAuditEventsResponse> Api::ListAuditEvents(const v1::ListAuditEventsRequest& request) {
  return impl_->Call<v1::AdminService>(&v1::AdminService::Stub::ListAuditEvents, request);
}

absl::StatusOr<v1::ListTransitionsResponse> Api::ListTransitions(const v1::ListTransitionsRequest& request) {
  return impl_->Call<v1::RegistryService>(&v1::RegistryService::Stub::ListTransitions, request);
}

absl::StatusOr<v1::GetStatsResponse> Api::GetStats(const v1::GetStatsRequest& request) {
  return impl_->Call<v1::RegistryService>(&v1::RegistryService::Stub::GetStats, request);
}

absl::StatusOr<v1::Client> Api::EvictClient(const v1::EvictClientRequest& request) {
  return impl_->Call<v1::AdminService>(&v1::AdminService::Stub::EvictClient, request);
}

absl::StatusOr<v1::SetMaintenanceResponse> Api::SetMaintenance(const v1::SetMaintenanceRequest& request) {
  return impl_->Call<v1::AdminService>(&v1::AdminService::Stub::SetMaintenance, request);
}

absl::StatusOr<v1::DrainServerResponse> Api::DrainServer(const v1::DrainServerRequest& request) {
  return impl_->Call<v1::AdminService>(&v1::AdminService::Stub::DrainServer, request);
}

absl::StatusOr<v1::UndrainServerResponse> Api::UndrainServer(const v1::UndrainServerRequest& request) {
  return impl_->Call<v1::AdminService>(&v1::AdminService::Stub::UndrainServer, request);
}

absl::StatusOr<v1::ServerInfo> Api::GetServerInfo(const v1::GetServerInfoRequest& request) {
  return impl_->Call<v1::AdminService>(&v1::AdminService::Stub::GetServerInfo, request);
}

common::WallTime Api::ServerTime(common::WallTime fallback) {
  v1::ListClientsRequest request;
  request.set_page_size(1);
  const auto response = ListClients(request);
  return response.ok() && response->has_as_of() ? FromProto(response->as_of()) : fallback;
}

absl::Status Api::Watch(const v1::WatchClientsRequest& request, common::Duration silence_limit,
                        const std::function<void(const v1::WatchClientsResponse&)>& on_response) {
  return impl_->Watch(request, silence_limit, on_response);
}

void Api::Cancel() { impl_->Cancel(); }

const std::string& Api::server() const { return impl_->server(); }

const TlsSettings& Api::tls() const { return impl_->tls(); }

const std::vector<Api::Failure>& Api::failures() const { return impl_->failures(); }

}  // namespace liveness::cli
