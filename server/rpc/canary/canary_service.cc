#include "server/rpc/canary/canary_service.h"

#include <openssl/crypto.h>

#include <memory>
#include <optional>
#include <utility>

#include "common/random.h"
#include "server/rpc/canary/canary_ping.h"
#include "server/rpc/engine/generic_router.h"
#include "server/rpc/engine/holding_tag.h"

namespace liveness::rpc {
namespace {

// One stream. A read is outstanding until the canary goes away; only its queue's thread.
class CanaryCall : public std::enable_shared_from_this<CanaryCall> {
 public:
  CanaryCall(std::shared_ptr<GenericCall> call, const common::Clock& clock,
             registry::QueuePulses::Queue& pulse)
      : call_(std::move(call)), clock_(clock), pulse_(pulse) {}

  void Start(std::size_t queue) {
    const grpc::Slice slice(std::to_string(queue));
    writing_ = true;
    call_->stream().Write(grpc::ByteBuffer(&slice, 1), written_tag_.Hold(shared_from_this()));
    Read();
  }

 private:
  void Read() { call_->stream().Read(&incoming_, read_tag_.Hold(shared_from_this())); }

  void OnRead(bool ok) {
    if (!ok) {
      over_ = true;
      return FinishIfOver();
    }
    if (const std::optional<common::MonoTime> sent = ReadCanaryPing(incoming_)) {
      pulse_.HeardPing(*sent, clock_.Mono());
    }
    incoming_.Clear();
    Read();
  }
  void OnWritten(bool) {
    writing_ = false;
    FinishIfOver();
  }
  void FinishIfOver() {
    if (over_ && !writing_) call_->Finish(absl::OkStatus());
  }

  const std::shared_ptr<GenericCall> call_;
  const common::Clock& clock_;
  registry::QueuePulses::Queue& pulse_;
  grpc::ByteBuffer incoming_;
  bool writing_ = false;
  bool over_ = false;
  HoldingTag<CanaryCall, &CanaryCall::OnRead> read_tag_;
  HoldingTag<CanaryCall, &CanaryCall::OnWritten> written_tag_;
};

// Takes the same time wherever the two secrets differ.
bool Knows(const grpc::ServerContext& context, const std::string& secret) {
  const auto& metadata = context.client_metadata();
  const auto given = metadata.find(kCanarySecretKey);
  return given != metadata.end() && given->second.size() == secret.size() &&
         CRYPTO_memcmp(given->second.data(), secret.data(), secret.size()) == 0;
}

}  // namespace

std::string NewCanarySecret() { return common::RandomHexId() + common::RandomHexId(); }

void CanaryService::Register(grpc::ServerBuilder&, GenericRouter& router) {
  router.AddStream(kCanaryService, kCanaryMethod, auth::Action::kNone,
                   [this](std::shared_ptr<GenericCall> call) {
                     if (!Knows(call->context(), secret_)) return GenericRouter::Refuse(*call);
                     const std::size_t queue = call->engine().IndexOf(call->cq());
                     std::make_shared<CanaryCall>(std::move(call), clock_, pulses_.at(queue))->Start(queue);
                   });
}

}  // namespace liveness::rpc
