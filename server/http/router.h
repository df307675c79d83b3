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

#include "server/http/exchange.h"

namespace liveness::http {

class Router {
 public:
  // REQUIRES: no handler of the same method and pattern.
  void Add(std::string method, std::string pattern, Handler handler);

  // `answer` runs on a worker; too many waiting requests are 503 SERVER_BUSY.
  void AddOnWorker(std::string method, std::string pattern, std::function<Response(const Request&)> answer);

  void Serve(const std::shared_ptr<Exchange>& exchange) const;

 private:
  using Methods = std::map<std::string, Handler>;
  // Null if no pattern fits.
  const Methods* Find(std::string_view path) const;

  std::map<std::string, Methods, std::less<>> routes_;  // by pattern
};

}  // namespace liveness::http
