// Which handler serves a path. Built once, then read by the HTTP thread alone.
//
// A pattern ending in `/*` serves all below it that no longer pattern serves. An unknown path is 404
// NOT_FOUND, a known one with another method 405 METHOD_NOT_ALLOWED with `Allow`; HEAD is served as GET, of
// which only the head is sent.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/auth/action.h"
#include "server/auth/gate.h"
#include "server/http/exchange.h"

namespace liveness::http {

// Who asks, if that one may (auth::Admit). Whoever is answered for long is asked again by this.
absl::StatusOr<auth::CallerPtr> Admit(const auth::Gate& gate, const Request& request, auth::Action needs);

class Router {
 public:
  // `gate` outlives it.
  explicit Router(const auth::Gate& gate) : gate_(&gate) {}

  // `needs`: what the caller must be allowed to do. REQUIRES: no handler of the same method and pattern.
  void Add(std::string method, std::string pattern, auth::Action needs, Handler handler);

  // `answer` runs on a worker; too many waiting requests are 503 SERVER_BUSY.
  void AddOnWorker(std::string method, std::string pattern, auth::Action needs,
                   std::function<Response(const Exchange&)> answer);

  void Serve(const std::shared_ptr<Exchange>& exchange) const;

 private:
  struct Route {
    auth::Action needs;
    Handler handler;
  };
  using Methods = std::map<std::string, Route>;
  // Null if no pattern fits.
  const Methods* Find(std::string_view path) const;

  const auth::Gate* gate_;
  std::map<std::string, Methods, std::less<>> routes_;  // by pattern
};

}  // namespace liveness::http
