// `GET /sd`: the clients as scrape targets, in the format of Prometheus' http_sd_config. See
// docs/discovery.md.
//
//   ?filter=      as of ListClients
//   ?dead_grace=  how long a DEAD client stays a target, so that `up == 0` is seen: `10m` by default
//
// The whole list each time, a group per client:
//   [{"targets": ["10.0.0.7:9100"], "labels": {"__meta_liveness_client_id": "web-1", ...}}]
// Clients without an address (service_address.h) are left out, and those that LEFT. In place of a list that
// lacks many there is an error (sweep.h).
#pragma once

#include <memory>

#include "server/http/discovery/sweep.h"
#include "server/http/router.h"

namespace liveness::http {

void AddPrometheusTargets(Router& router, std::shared_ptr<SweepSource> source);

}  // namespace liveness::http
