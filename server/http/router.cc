#include "server/http/router.h"

#include <utility>

#include "common/status.h"
#include "common/strings.h"
#include "server/http/error_response.h"
#include "server/net/endpoint.h"

namespace liveness::http {
namespace {

constexpr std::string_view kBelow = "/*";

}  // namespace

absl::StatusOr<auth::CallerPtr> IdentifyCaller(const auth::Gate& gate, const Request& request) {
  const auto peer = net::FromText(request.peer);
  return gate.Identify({.authorization = request.authorization, .certificate = request.certificate},
                       peer ? net::AddressText(*peer) : std::string());
}

void Router::Add(std::string method, std::string pattern, auth::Action needs, Handler handler) {
  routes_[std::move(pattern)].emplace(std::move(method), Route{needs, std::move(handler)});
}

void Router::AddOnWorker(std::string method, std::string pattern, auth::Action needs,
                         std::function<Response(const Exchange&)> answer) {
  Add(std::move(method), std::move(pattern), needs,
      [answer = std::move(answer)](const std::shared_ptr<Exchange>& exchange) {
        if (!exchange->RunOnWorker([exchange, answer] { exchange->Respond(answer(*exchange)); })) {
          exchange->Respond(ErrorResponse(ServerBusyError()));
        }
      });
}

const Router::Methods* Router::Find(std::string_view path) const {
  if (const auto exact = routes_.find(path); exact != routes_.end()) return &exact->second;
  while (!path.empty()) {
    path = path.substr(0, path.rfind('/'));
    const auto below = routes_.find(common::StrCat(path, kBelow));
    if (below != routes_.end()) return &below->second;
  }
  return nullptr;
}

absl::Status Router::Admit(Exchange& exchange, auth::Action needs) const {
  absl::StatusOr<auth::CallerPtr> caller = IdentifyCaller(*gate_, exchange.request());
  // What everybody may ask for is answered to whoever proves nothing, as to an anonymous caller.
  if (!caller.ok() && needs == auth::Action::kNone) caller = gate_->Identify(auth::Shown(), std::string());
  if (!caller.ok()) return caller.status();
  exchange.SetCaller(*caller);
  return gate_->May(**caller, needs);
}

void Router::Serve(const std::shared_ptr<Exchange>& exchange) const {
  const Request& request = exchange->request();
  const Methods* const methods = Find(request.path);
  if (methods == nullptr) {
    return exchange->Respond(ErrorResponse(
        common::Error(absl::StatusCode::kNotFound, "NOT_FOUND", "nothing is served at this path")));
  }
  const auto found = methods->find(request.method == "HEAD" ? "GET" : request.method);
  if (found != methods->end()) {
    const absl::Status admitted = Admit(*exchange, found->second.needs);
    return admitted.ok() ? found->second.handler(exchange) : exchange->Respond(ErrorResponse(admitted));
  }
  std::string allowed;
  for (const auto& [method, route] : *methods) allowed += (allowed.empty() ? "" : ", ") + method;
  Response response = ErrorResponse(405, common::Error(absl::StatusCode::kUnimplemented, "METHOD_NOT_ALLOWED",
                                                       common::StrCat("this path takes ", allowed)));
  response.headers.emplace_back("Allow", std::move(allowed));
  exchange->Respond(std::move(response));
}

}  // namespace liveness::http
