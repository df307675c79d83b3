#include "server/http/router.h"

#include <utility>

#include "common/status.h"
#include "common/strings.h"
#include "server/http/error_response.h"
#include "server/net/endpoint.h"

namespace liveness::http {
namespace {

constexpr std::string_view kBelow = "/*";

std::string AddressOf(const Request& request) {
  const auto peer = net::FromText(request.peer);
  return peer ? net::AddressText(*peer) : std::string();
}

absl::StatusOr<auth::CallerPtr> Identify(const auth::Gate& gate, const Request& request) {
  return gate.Identify({.authorization = request.authorization, .certificate = request.certificate},
                       AddressOf(request));
}

}  // namespace

absl::StatusOr<auth::CallerPtr> Admit(const auth::Gate& gate, const Request& request, auth::Action needs) {
  return auth::Admit(gate, Identify(gate, request), needs);
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

void Router::Serve(const std::shared_ptr<Exchange>& exchange) const {
  const Request& request = exchange->request();
  const Methods* const methods = Find(request.path);
  if (methods == nullptr) {
    return exchange->Respond(ErrorResponse(
        common::Error(absl::StatusCode::kNotFound, "NOT_FOUND", "nothing is served at this path")));
  }
  const auto found = methods->find(request.method == "HEAD" ? "GET" : request.method);
  if (found != methods->end()) {
    const auto caller =
        auth::LetIn(*gate_, Identify(*gate_, request), AddressOf(request), found->second.needs);
    if (!caller.ok()) return exchange->Respond(ErrorResponse(caller.status()));
    exchange->SetCaller(*caller);
    return found->second.handler(exchange);
  }
  std::string allowed;
  for (const auto& [method, route] : *methods) allowed += (allowed.empty() ? "" : ", ") + method;
  Response response = ErrorResponse(405, common::Error(absl::StatusCode::kUnimplemented, "METHOD_NOT_ALLOWED",
                                                       common::StrCat("this path takes ", allowed)));
  response.headers.emplace_back("Allow", std::move(allowed));
  exchange->Respond(std::move(response));
}

}  // namespace liveness::http
