#include "server/rpc/query/registry_service.h"

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/resource_name.h"
#include "common/status.h"
#include "common/strings.h"
#include "server/rpc/convert/client_proto.h"
#include "server/rpc/engine/call_errors.h"
#include "server/rpc/engine/generic_router.h"
#include "server/rpc/engine/sliced_unary.h"
#include "server/rpc/engine/unary.h"
#include "server/rpc/query/list_clients.h"
#include "server/rpc/query/list_transitions.h"
#include "server/rpc/query/stats.h"
#include "server/rpc/query/watch_clients.h"

namespace liveness::rpc {

RegistryService::RegistryService(registry::Registry& registry, const common::Clock& clock,
                                 core::MacFunction mac, std::function<StreamCounts()> stream_counts,
                                 std::optional<std::size_t> max_watchers_per_peer)
    : registry_(registry),
      clock_(clock),
      mac_(std::move(mac)),
      stream_counts_(std::move(stream_counts)),
      // How many all of them may be is the registry's word.
      watch_(std::numeric_limits<std::size_t>::max(),
             max_watchers_per_peer.value_or(StreamQuota::ShareOf(registry.options().max_watchers))) {}

void RegistryService::Register(grpc::ServerBuilder&, GenericRouter& router) {
  constexpr auto kName = v1::RegistryService::service_full_name();
  using auth::Action;
  router.Add(kName, "GetClient", Action::kView,
             UnaryMethod<v1::GetClientRequest, v1::Client>(
                 Where::kInline, [this](const auto& caller, const auto& request, auto& response) {
                   return Get(caller, request, response);
                 }));
  router.Add(kName, "ListClients", Action::kView,
             SlicedMethod<v1::ListClientsRequest, v1::ListClientsResponse>(
                 Lane::kQueries, [this](const auto& caller, const auto& request) {
                   return ClientList::Begin(ListsOf(caller), request);
                 }));
  router.Add(kName, "ListTransitions", Action::kView,
             SlicedMethod<v1::ListTransitionsRequest, v1::ListTransitionsResponse>(
                 Lane::kLong, [this](const auto& caller, const auto& request) {
                   return TransitionList::Begin(ListsOf(caller), request);
                 }));
  router.Add(kName, "GetStats", Action::kView,
             SlicedMethod<v1::GetStatsRequest, v1::GetStatsResponse>(
                 Lane::kQueries, [this](const auto& caller, const auto& request) {
                   return StatsQuery::Begin(ListsOf(caller), request, stream_counts_);
                 }));
  router.AddStream(kName, "WatchClients", Action::kView, [this](std::shared_ptr<GenericCall> call) {
    std::make_shared<WatchClientsCall>(registry_, clock_, watch_, std::move(call))->Start();
  });
}

void RegistryService::EndCalls() { watch_.streams.EndAll(ShuttingDownError()); }

absl::Status RegistryService::Get(const auth::Caller& caller, const v1::GetClientRequest& request,
                                  v1::Client& response) const {
  const absl::StatusOr<std::string> client_id = common::ClientIdFromName(request.name());
  if (!client_id.ok()) return client_id.status();
  const std::optional<core::ClientView> client = registry_.Get(*client_id);
  if (!client || !caller.Sees(*client->record)) {
    return ClientNotFoundError(*client_id);
  }
  const Detail detail = request.view() == v1::CLIENT_VIEW_BASIC ? Detail::kBasic : Detail::kFull;
  ToProto(*client, detail, {clock_.Mono(), clock_.Wall()}, response);
  return absl::OkStatus();
}

}  // namespace liveness::rpc
