#include "server/rpc/engine/async_unary.h"

#include <atomic>

#include "server/rpc/engine/call_errors.h"
#include "server/rpc/engine/call_timer.h"
#include "server/rpc/engine/stream_quota.h"

namespace liveness::rpc {
namespace {

struct Method {
  Method(AsyncUnaryOptions the_options, AsyncBytesHandler the_begin)
      : options(std::move(the_options)),
        begin(std::move(the_begin)),
        per_peer(StreamQuota::ShareOf(options.max_under_way)) {}
  const AsyncUnaryOptions options;
  const AsyncBytesHandler begin;
  std::atomic<std::size_t> under_way{0};
  StreamQuota per_peer;
};

}  // namespace

struct Answer::UnderWay {
  explicit UnderWay(std::shared_ptr<Method> the_method) : method(std::move(the_method)) {}
  ~UnderWay() { method->under_way.fetch_sub(1); }
  // False if the call is one too many, of all or of its caller. It counts all the same until it goes.
  bool Enter(StreamQuota::Caller caller) {
    const bool is_room = method->under_way.fetch_add(1) < method->options.max_under_way;
    return is_room && place.Take(method->per_peer, std::move(caller));
  }
  const std::shared_ptr<Method> method;
  QuotaPlace place;
};

// The call itself; the queue's thread, but for call(). Kept alive by its operations, and by its answer
// until the call is over.
class AsyncUnaryCall final : public std::enable_shared_from_this<AsyncUnaryCall> {
 public:
  AsyncUnaryCall(std::shared_ptr<Method> method, std::shared_ptr<GenericCall> call)
      : call_(std::move(call)), method_(std::move(method)), answer_(new Answer()) {}

  void Start() {
    {
      common::MutexLock lock(answer_->mu_);
      answer_->waiting_ = shared_from_this();
    }
    call_->WhenDone([answer = answer_] { (void)answer->Take(); });
    call_->Read(CallTimer::Wait::kRequest, [self = shared_from_this()](auto came) { self->OnRead(came); });
  }

  const std::shared_ptr<GenericCall>& call() const { return call_; }

 private:
  void OnRead(GenericCall::Came came) {
    if (came != GenericCall::Came::kRequest) return answer_->Fail(GenericCall::WhyNoRequest(came));
    auto counted = std::make_unique<Answer::UnderWay>(method_);
    if (!counted->Enter(call_->quota_caller())) {
      return answer_->Fail(ServerBusyError(
          "too many calls of this method are under way, of all or of this address; try again"));
    }
    {
      common::MutexLock lock(answer_->mu_);
      if (answer_->waiting_ == nullptr) return;
      answer_->under_way_ = std::move(counted);
      call_->AwaitOutcome(
          [answer = answer_, method = method_] { answer->Fail(method->options.patience_error()); });
    }
    method_->begin(call_->request(), answer_);
  }

  const std::shared_ptr<GenericCall> call_;  // first: the last to go
  const std::shared_ptr<Method> method_;
  const std::shared_ptr<Answer> answer_;
};

MethodHandler AsyncUnaryBytesMethod(AsyncUnaryOptions options, AsyncBytesHandler begin) {
  const auto method = std::make_shared<Method>(std::move(options), std::move(begin));
  return [method](std::shared_ptr<GenericCall> call) {
    std::make_shared<AsyncUnaryCall>(method, std::move(call))->Start();
  };
}

Answer::Answer() = default;
Answer::~Answer() = default;

std::shared_ptr<GenericCall> Answer::Take() {
  std::shared_ptr<AsyncUnaryCall> waiting;  // may hold the last of the call: let go without the lock
  std::unique_ptr<UnderWay> under_way;
  common::MutexLock lock(mu_);
  waiting.swap(waiting_);
  under_way.swap(under_way_);
  if (waiting == nullptr) return nullptr;
  return waiting->call();
}

void Answer::ReplyBytes(const grpc::ByteBuffer& response) {
  if (const auto call = Take()) call->Reply(response);
}

void Answer::Fail(const absl::Status& why) {
  if (const auto call = Take()) call->Finish(why);
}

void Answer::Progress() {
  common::MutexLock lock(mu_);
  if (waiting_ != nullptr) waiting_->call()->Progress();
}

std::shared_ptr<GenericCall> Answer::call() const {
  common::MutexLock lock(mu_);
  return waiting_ == nullptr ? nullptr : waiting_->call();
}

}  // namespace liveness::rpc
