#include "server/auth/call_gate.h"

#include <memory>
#include <utility>

#include "common/grpc/asked_by.h"

namespace liveness::auth {
namespace {

// What gRPC calls the peer of a call from within the process. No socket is called so.
constexpr char kPeerInProcess[] = "unknown";

class Open final : public CallGate {
 public:
  absl::StatusOr<CallerPtr> Identify(const Shown&, std::string address) const override {
    return std::make_shared<const Caller>(Caller{.address = std::move(address)});
  }
  absl::StatusOr<CallerPtr> Identify(const grpc::ServerContext& context) const override {
    return Identify(Shown(), AddressOf(context));
  }
  absl::Status May(const Caller&, Action) const override { return absl::OkStatus(); }
  absl::Status MayBeat(const Caller&, std::string_view) const override { return absl::OkStatus(); }
  std::uint64_t generation() const override { return 0; }
};

}  // namespace

const CallGate& OpenGate() {
  static const Open gate;
  return gate;
}

bool IsWithinProcess(const grpc::ServerContext& context) { return context.peer() == kPeerInProcess; }

std::optional<net::Endpoint> PeerOf(const grpc::ServerContext& context) {
  if (!IsWithinProcess(context)) return net::FromGrpcPeer(context.peer());
  const auto told = context.client_metadata().find(common::kAskedByMetadata);
  if (told == context.client_metadata().end()) return std::nullopt;
  return net::FromText({told->second.data(), told->second.size()});
}

std::string AddressOf(const grpc::ServerContext& context) {
  if (const auto peer = PeerOf(context)) return net::AddressText(*peer);
  return IsWithinProcess(context) ? std::string() : context.peer();  // a Unix socket's
}

}  // namespace liveness::auth
