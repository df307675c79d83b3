#include "server/http/gateway/gateway.h"

#include <cstddef>
#include <functional>
#include <string_view>
#include <utility>

#include <grpcpp/support/proto_buffer_reader.h>

#include "absl/status/status.h"
#include "common/resource_name.h"
#include "common/status.h"
#include "common/strings.h"
#include "liveness/v1/admin_service.grpc.pb.h"
#include "liveness/v1/registry_service.grpc.pb.h"
#include "server/http/error_response.h"
#include "server/http/json.h"
#include "server/http/transport/host_check.h"

namespace liveness::http {
namespace {

using google::protobuf::Message;

constexpr std::string_view kClients = "/api/v1/clients/";
constexpr std::string_view kEvict = ":evict";
// So much of a body goes to the log.
constexpr std::size_t kMostLogged = 512;

// Makes the request's message of what came.
using Fill = std::function<absl::Status(const Request&, Message&)>;

struct Rpc {
  std::string method;  // /package.Service/Method
  const Message& request;
  const Message& response;
  Fill fill;
};

std::string MethodOf(std::string_view service, std::string_view name) {
  return common::StrCat("/", service, "/", name);
}

absl::Status Bad(std::string_view reason, std::string_view message) {
  return common::Error(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::Status FillFromQuery(const Request& request, Message& message) {
  return FromQuery(request.query, message);
}

absl::Status FillFromBody(const Request& request, Message& message) {
  if (!request.query.empty()) return Bad("BAD_PARAMETER", "this request takes its parameters in its body");
  return FromJson(request.body, message);
}

absl::Status FillGetClient(const Request& request, Message& message) {
  if (const absl::Status filled = FromQuery(request.query, message); !filled.ok()) return filled;
  static_cast<v1::GetClientRequest&>(message).set_name(
      common::ClientName(request.path.substr(kClients.size())));
  return absl::OkStatus();
}

absl::Status FillEvict(const Request& request, Message& message) {
  if (const absl::Status filled = FillFromBody(request, message); !filled.ok()) return filled;
  std::string_view id = std::string_view(request.path).substr(kClients.size());
  id.remove_suffix(kEvict.size());
  static_cast<v1::EvictClientRequest&>(message).set_name(common::ClientName(std::string(id)));
  return absl::OkStatus();
}

Response JsonResponse(std::string json) {
  return TextResponse(200, "application/json", std::move(json) + "\n");
}

Response Convert(const absl::StatusOr<grpc::ByteBuffer>& answer, const Message& prototype) {
  if (!answer.ok()) return ErrorResponse(answer.status());
  const std::unique_ptr<Message> message(prototype.New());
  grpc::ByteBuffer bytes = *answer;
  grpc::ProtoBufferReader reader(&bytes);
  if (!message->ParseFromZeroCopyStream(&reader)) {
    return ErrorResponse(absl::InternalError("the answer does not parse"));
  }
  return JsonResponse(ToJson(*message));
}

// A page of somebody else must not have a browser change things here: such a request has that page's Origin,
// and without asking first a browser sends no JSON.
absl::Status CheckChange(const Request& request) {
  if (!request.content_type.starts_with("application/json")) {
    return Bad("BAD_CONTENT_TYPE", "what changes something takes Content-Type: application/json");
  }
  if (!request.origin.empty() && HostOfOrigin(request.origin) != request.host) {
    return common::Error(absl::StatusCode::kPermissionDenied, "CROSS_ORIGIN",
                         "a page of another origin may change nothing here");
  }
  return absl::OkStatus();
}

class Gateway {
 public:
  Gateway(std::shared_ptr<RpcCaller> caller, GatewayOptions options)
      : caller_(std::move(caller)), options_(std::move(options)) {}

  void Call(const Rpc& rpc, const std::shared_ptr<Exchange>& exchange) const {
    const std::unique_ptr<Message> request(rpc.request.New());
    if (const absl::Status filled = rpc.fill(exchange->request(), *request); !filled.ok()) {
      return exchange->Respond(ErrorResponse(filled));
    }
    // A caller who goes before the answer gives the call up.
    exchange->OnGone(caller_->Call(
        rpc.method, *request, {exchange->request().peer, exchange->caller()->principal},
        [exchange, &prototype = rpc.response](absl::StatusOr<grpc::ByteBuffer> answer) {
          const auto came = std::make_shared<const absl::StatusOr<grpc::ByteBuffer>>(std::move(answer));
          const auto respond = [exchange, &prototype, came] { exchange->Respond(Convert(*came, prototype)); };
          if (!exchange->RunOnWorker(respond)) {
            exchange->Respond(ErrorResponse(ServerBusyError()));
          }
        }));
  }

  void Change(const Rpc& rpc, const std::shared_ptr<Exchange>& exchange) const {
    const Request& request = exchange->request();
    if (!options_.admin) {
      return exchange->Respond(ErrorResponse(
          common::Error(absl::StatusCode::kPermissionDenied, "ADMIN_OFF",
                        "nothing is changed over HTTP: the server was started without --http-admin")));
    }
    if (const absl::Status fit = CheckChange(request); !fit.ok())
      return exchange->Respond(ErrorResponse(fit));
    options_.on_admin(common::StrCat("http: ", common::Escape(request.peer), " asks ",
                                     common::Escape(request.path), " ",
                                     common::Escape(request.body.substr(0, kMostLogged))));
    Call(rpc, exchange);
  }

  Response Features() const {
    JsonObject features;
    features.Add("admin", options_.admin);
    features.Add("version", options_.version);
    return JsonResponse(features.Text());
  }

 private:
  const std::shared_ptr<RpcCaller> caller_;
  const GatewayOptions options_;
};

}  // namespace

void AddGateway(Router& router, std::shared_ptr<RpcCaller> caller, GatewayOptions options) {
  using auth::Action;
  const auto gateway = std::make_shared<const Gateway>(std::move(caller), std::move(options));
  const std::string registry = v1::RegistryService::service_full_name();
  const std::string admin = v1::AdminService::service_full_name();
  const auto query = [&](std::string pattern, Rpc rpc, Action needs = Action::kView) {
    router.Add("GET", std::move(pattern), needs,
               [gateway, rpc = std::move(rpc)](const auto& exchange) { gateway->Call(rpc, exchange); });
  };
  // What the RPC needs is asked for here too, so that what proves nothing is refused as such and not taken
  // for nothing.
  const auto change = [&](std::string pattern, Action needs, Rpc rpc) {
    router.Add("POST", std::move(pattern), needs,
               [gateway, rpc = std::move(rpc)](const auto& exchange) { gateway->Change(rpc, exchange); });
  };

  query("/api/v1/clients", {MethodOf(registry, "ListClients"), v1::ListClientsRequest::default_instance(),
                            v1::ListClientsResponse::default_instance(), FillFromQuery});
  query("/api/v1/clients/*", {MethodOf(registry, "GetClient"), v1::GetClientRequest::default_instance(),
                              v1::Client::default_instance(), FillGetClient});
  query("/api/v1/transitions",
        {MethodOf(registry, "ListTransitions"), v1::ListTransitionsRequest::default_instance(),
         v1::ListTransitionsResponse::default_instance(), FillFromQuery});
  query("/api/v1/stats", {MethodOf(registry, "GetStats"), v1::GetStatsRequest::default_instance(),
                          v1::GetStatsResponse::default_instance(), FillFromQuery});
  query("/api/v1/server", {MethodOf(admin, "GetServerInfo"), v1::GetServerInfoRequest::default_instance(),
                           v1::ServerInfo::default_instance(), FillFromQuery});
  query("/api/v1/audit",
        {MethodOf(admin, "ListAuditEvents"), v1::ListAuditEventsRequest::default_instance(),
         v1::ListAuditEventsResponse::default_instance(), FillFromQuery},
        Action::kAudit);
  router.Add("GET", "/api/v1/features", Action::kNone,
             [gateway](const auto& exchange) { exchange->Respond(gateway->Features()); });

  const Rpc evict{MethodOf(admin, "EvictClient"), v1::EvictClientRequest::default_instance(),
                  v1::Client::default_instance(), FillEvict};
  router.Add("POST", "/api/v1/clients/*", Action::kEvict, [gateway, evict](const auto& exchange) {
    if (exchange->request().path.ends_with(kEvict)) return gateway->Change(evict, exchange);
    exchange->Respond(ErrorResponse(common::Error(absl::StatusCode::kNotFound, "NOT_FOUND",
                                                  "what can be asked of a client is ID:evict")));
  });
  change("/api/v1/maintenance", Action::kMaintenance,
         {MethodOf(admin, "SetMaintenance"), v1::SetMaintenanceRequest::default_instance(),
          v1::SetMaintenanceResponse::default_instance(), FillFromBody});
  change("/api/v1/server:drain", Action::kDrain,
         {MethodOf(admin, "DrainServer"), v1::DrainServerRequest::default_instance(),
          v1::DrainServerResponse::default_instance(), FillFromBody});
  change("/api/v1/server:undrain", Action::kDrain,
         {MethodOf(admin, "UndrainServer"), v1::UndrainServerRequest::default_instance(),
          v1::UndrainServerResponse::default_instance(), FillFromBody});
}

}  // namespace liveness::http
