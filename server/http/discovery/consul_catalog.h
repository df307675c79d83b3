// The part of Consul's HTTP API that finds services, read-only: enough for Prometheus' consul_sd_config,
// Traefik and consul-template. See docs/discovery.md.
//
//   /v1/catalog/services            names and tags
//   /v1/catalog/service/NAME        who is in it
//   /v1/health/service/NAME         the same with a check each; ?passing: only those that pass
//   /v1/catalog/datacenters, /v1/agent/self
//
// A service is a value of the label `service` (service_changes.h), its clients are the service's instances:
// ID is the client_id, tags are `KEY=VALUE` of each label and Meta all of them. The check is passing while
// the client is ALIVE, warning while it is SUSPECT, critical when it is STALLED or DEAD; who LEFT is not
// listed. `X-Consul-Index` is one more than the registry's revision. `index` and `wait` block as Consul's do;
// `tag` chooses; `filter` and `node-meta` are refused, because an answer without them would be another one;
// what is left is ignored.
#pragma once

#include <memory>
#include <string>

#include "server/http/discovery/sweep.h"
#include "server/http/router.h"
#include "server/registry/registry.h"

namespace liveness::http {

// `registry` is the source's, and outlives the router. `version` is of the server.
void AddConsulCatalog(Router& router, registry::Registry& registry, std::shared_ptr<SweepSource> source,
                      std::string version);

}  // namespace liveness::http
