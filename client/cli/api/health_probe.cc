#include "client/cli/api/health_probe.h"

#include <grpc/support/time.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/cli/api/channel.h"
#include "common/duration_text.h"
#include "common/grpc/grpc_status.h"
#include "common/saturating.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace liveness::cli {
namespace {

namespace health = ::grpc::health::v1;

gpr_timespec FromNow(common::Duration span) { return gpr_time_from_nanos(span.count(), GPR_TIMESPAN); }

grpc::Status Check(const std::shared_ptr<grpc::Channel>& channel, const HealthQuestion& question,
                   health::HealthCheckResponse& response) {
  grpc::ClientContext context;
  context.set_deadline(FromNow(question.rpc_timeout));
  health::HealthCheckRequest request;
  request.set_service(question.service);
  return health::Health::Stub(channel).Check(&context, request, &response);
}

// READY, TRANSIENT_FAILURE, or what it still is after `timeout`.
grpc_connectivity_state Connect(grpc::Channel& channel, common::Duration timeout) {
  const common::MonoTime give_up = common::SaturatingAdd(common::SystemClock().Mono(), timeout);
  for (;;) {
    const grpc_connectivity_state state = channel.GetState(true);
    if (state == GRPC_CHANNEL_READY || state == GRPC_CHANNEL_TRANSIENT_FAILURE) return state;
    const common::Duration left = give_up - common::SystemClock().Mono();
    if (left <= common::Duration::zero()) return state;
    channel.WaitForStateChange(state, gpr_convert_clock_type(FromNow(left), GPR_CLOCK_MONOTONIC));
  }
}

std::string NameOf(int status) {
  const std::string name = health::HealthCheckResponse::ServingStatus_Name(status);
  return name.empty() ? absl::StrCat(status) : name;
}

}  // namespace

HealthAnswer AskHealth(const std::string& server, const GlobalSettings& settings,
                       const common::TlsContents& files, const HealthQuestion& question) {
  // The channel itself is more patient, so that it is this function whose time is up.
  const std::shared_ptr<grpc::Channel> channel =
      MakeChannel(server, settings.tls, MakeCredentials(settings.tls, files), settings.http_proxy,
                  common::SaturatingAdd(question.connect_timeout, std::chrono::seconds(1)), question.token);
  health::HealthCheckResponse response;
  const grpc_connectivity_state state = Connect(*channel, question.connect_timeout);
  if (state == GRPC_CHANNEL_TRANSIENT_FAILURE) {
    // A call that is not to wait fails at once, with what is wrong.
    const absl::Status why = common::FromGrpc(Check(channel, question, response));
    if (!why.ok()) return {HealthAnswer::Outcome::kNotConnected, "", why};
  } else if (state != GRPC_CHANNEL_READY) {
    return {HealthAnswer::Outcome::kNotConnected, "",
            absl::UnavailableError(
                absl::StrCat("no connection within ", common::FormatDuration(question.connect_timeout)))};
  } else if (const grpc::Status asked = Check(channel, question, response); !asked.ok()) {
    return {HealthAnswer::Outcome::kRpcFailed, "", common::FromGrpc(asked)};
  }
  return {HealthAnswer::Outcome::kAnswered, NameOf(response.status()), absl::OkStatus()};
}

}  // namespace liveness::cli
