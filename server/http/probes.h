// `/livez` and `/readyz`, for what restarts this server and what sends clients to it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "liveness/v1/admin_service.pb.h"
#include "server/http/router.h"

namespace liveness::http {

// `/livez` is 200, or 503 with `why_not_live`; `/readyz` is 200, or 503 with `why_not_ready`. Both are JSON:
// `{"live": true, "reasons": []}`. Called on the HTTP thread: they must be quick.
void AddProbes(Router& router, std::function<std::vector<std::string>()> why_not_live,
               std::function<std::vector<v1::NotReady>()> why_not_ready);

}  // namespace liveness::http
