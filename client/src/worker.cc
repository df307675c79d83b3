#include "client/src/worker.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include <grpc/support/time.h>

#include "client/src/channel.h"
#include "client/src/fork_guard.h"
#include "client/src/messages.h"
#include "client/src/session_options.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;

// The longest wait. The queue waits on a clock that stands still while the machine sleeps, and a lapse is to
// be told soon after the machine wakes.
constexpr Duration kMaxWait = 1s;

// A wait that ends this much too late is a time in which the process did not run.
constexpr Duration kStoodStill = 50ms;

// What a connection to one address may take, however many addresses of the target are dead.
constexpr std::chrono::milliseconds kLeastConnectTime = 100ms;

// Events handled before timers are looked at again.
constexpr int kMaxBatch = 64;

// The application's thread waits longer than the goodbye itself may take, because the worker's thread has
// delays of its own.
constexpr Duration kGoodbyeSlack = 200ms;

}  // namespace

Worker::Worker(ClientOptions options, const common::Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      progress_(clock),
      session_(SessionOptions(options_, [this](StreamId stream) { return Look(stream); })),
      load_(options_.pid == getpid()),
      labels_(options_.labels),
      thread_([this] { Run(); }) {}

Worker::~Worker() { thread_.join(); }

Worker::Snapshot Worker::snapshot() const {
  common::MutexLock lock(mu_);
  return snapshot_;
}

void Worker::WakeLocked() {
  if (wake_pending_ || closed_) return;
  wake_pending_ = true;
  wake_.Set(&queue_, gpr_time_0(GPR_CLOCK_MONOTONIC), nullptr);
}

bool Worker::UpdateLabels(Labels labels) {
  common::MutexLock lock(mu_);
  if (snapshot_.state == State::kStopped) return false;
  commands_.labels = std::move(labels);
  WakeLocked();
  return true;
}

bool Worker::Goodbye(const std::string& reason, const ExitStatus& exit) {
  common::MutexLock lock(mu_);
  if (!commands_.end_after_goodbye) commands_.end_after_goodbye = EndAfterGoodbye{reason, exit};
  WakeLocked();
  if (own_thread_.load() == std::this_thread::get_id()) return false;
  const BootTime until = clock_.Boot() + options_.goodbye_timeout + kGoodbyeSlack;
  while (snapshot_.state != State::kStopped) {
    const Duration left = until - clock_.Boot();
    if (left <= 0s) break;
    changed_.WaitFor(mu_, left);
  }
  return snapshot_.goodbye_confirmed;
}

void Worker::Run() {
  own_thread_ = std::this_thread::get_id();
  session_.Start(clock_.Boot());
  CarryOut();
  while (!session_.stopped() || !streams_.empty()) {
    DrainQueue();
    TakeCommands();
    session_.Advance(clock_.Boot());
    CarryOut();
  }
  {
    common::MutexLock lock(mu_);
    closed_ = true;
  }
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

void Worker::DrainQueue() {
  Duration until_due = kMaxWait;
  if (!session_.stopped()) until_due = std::min(session_.NextDeadline() - clock_.Boot(), kMaxWait);
  const Duration wait = std::max<Duration>(until_due, 0s);
  const common::MonoTime begun = clock_.Mono();
  void* tag = nullptr;
  bool ok = false;
  // All that has arrived is read before the session judges a silence, because after a pause of
  // this process the answer may be lying in the socket.
  for (int handled = 0; handled < kMaxBatch; ++handled) {
    const gpr_timespec deadline = gpr_time_from_nanos(handled == 0 ? wait.count() : 0, GPR_TIMESPAN);
    const auto result = queue_.AsyncNext(&tag, &ok, deadline);
    if (handled == 0) NoteLateness(begun + until_due, begun + wait, clock_.Mono());
    if (result != grpc::CompletionQueue::GOT_EVENT) return;
    HandleTag(tag, ok);
  }
}

void Worker::NoteLateness(common::MonoTime due, common::MonoTime wake, common::MonoTime now) {
  load_.TimerWasLate(now - due);
  // Counted from `wake`, because an application that keeps this thread in `on_state` makes it late too, but
  // runs.
  if (now - wake > kStoodStill) progress_.StoodStill(now - wake);
}

void Worker::HandleTag(void* tag, bool ok) {
  if (tag == nullptr) {
    common::MutexLock lock(mu_);
    wake_pending_ = false;
    return;
  }
  const auto& operation = *static_cast<HeartbeatStream::Tag*>(tag);
  HeartbeatStream& stream = *operation.stream;
  stream.OnTag(operation, ok);
  if (stream.done()) streams_.erase(stream.id());
}

void Worker::TakeCommands() {
  Commands commands;
  {
    common::MutexLock lock(mu_);
    commands.labels = std::exchange(commands_.labels, std::nullopt);
    commands.end_after_goodbye = commands_.end_after_goodbye;  // stays, because only the first one counts
  }
  if (commands.labels) {
    labels_ = *std::move(commands.labels);
    ++labels_version_;
    if (const auto live = session_.live_stream()) {
      HeartbeatStream& stream = *streams_.at(*live);
      stream.labels_version = labels_version_;
      stream.SendUpdate(MakeUpdate(labels_));
    }
  }
  if (commands.end_after_goodbye) {
    end_after_goodbye_ = *std::move(commands.end_after_goodbye);
    const BootTime now = clock_.Boot();
    session_.OnGoodbye(now, now + options_.goodbye_timeout);
  }
}

void Worker::CarryOut() {
  for (;;) {
    for (const Action& action : session_.TakeActions()) Perform(action);
    const std::vector<StateChange> changes = session_.TakeChanges();
    Publish();
    if (changes.empty()) return;
    for (const StateChange& change : changes) {
      if (options_.on_state) options_.on_state(change);
    }
  }
}

void Worker::Publish() {
  alive_until_.store(session_.alive_until().time_since_epoch().count(), std::memory_order_release);
  common::MutexLock lock(mu_);
  snapshot_ = {session_.state(),      session_.welcome(),  session_.rtt(),
               session_.last_error(), session_.counters(), session_.goodbye_confirmed()};
  if (session_.stopped()) changed_.NotifyAll();
}

void Worker::Perform(const Action& action) {
  if (action.kind == Action::Kind::kDial) return Dial(action);
  const auto found = streams_.find(action.stream);
  if (found == streams_.end()) return;
  HeartbeatStream& stream = *found->second;
  switch (action.kind) {
    case Action::Kind::kPing:
      return stream.SendPing(
          MakePing(action.sequence, clock_.Wall(), progress_.Read(), load_.Read(clock_.Mono())));
    case Action::Kind::kGoodbye:
      return stream.SendGoodbye(end_after_goodbye_.reason, end_after_goodbye_.exit);
    case Action::Kind::kCancel: return stream.Cancel();
    case Action::Kind::kDial: return;
  }
}

void Worker::Dial(const Action& action) {
  // Shared, because gRPC's threads call `on_socket` and may outlive the worker.
  auto socket = std::make_shared<ConnectionSocket>();
  auto on_socket = [socket](int fd) {
    TrackSocket(fd);
    socket->Set(fd);
  };
  auto channel = MakeChannel(options_, options_.targets[action.target], std::move(on_socket),
                             std::max(options_.connect_timeout / (1 << action.haste), kLeastConnectTime));
  if (!channel) {
    const Error& error = channel.error();
    return session_.OnStreamEnd(action.stream, clock_.Boot(),
                                {absl::StatusCode::kUnavailable, error.reason, error.message, {}});
  }
  const auto token = ReadToken(options_);
  if (!token) {
    return session_.OnStreamEnd(
        action.stream, clock_.Boot(),
        {absl::StatusCode::kUnavailable, token.error().reason, token.error().message, {}});
  }
  auto& stream = streams_[action.stream];
  stream = std::make_unique<HeartbeatStream>(action.stream, *std::move(channel), std::move(socket), queue_,
                                             static_cast<HeartbeatStream::Listener&>(*this), clock_);
  stream->Start(*token);
}

void Worker::OnConnected(HeartbeatStream& stream) {
  // The session may have dropped a stream that connects before the worker cancels it.
  const std::optional<std::uint32_t> attempt = session_.OnHelloSent(stream.id(), clock_.Boot());
  if (!attempt) return;
  stream.labels_version = labels_version_;
  v1::HeartbeatRequest hello =
      MakeHello(options_, labels_, session_.resume_token(), stream.socket().LocalAddress(), *attempt);
  hello.mutable_hello()->set_beside(!session_.resume_token().empty());
  stream.SendHello(std::move(hello));
}

PathLook Worker::Look(StreamId stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? PathLook{} : found->second->socket().Look();
}

void Worker::OnMessage(HeartbeatStream& stream, const v1::HeartbeatResponse& message) {
  const BootTime now = clock_.Boot();
  switch (message.message_case()) {
    case v1::HeartbeatResponse::kWelcome:
      session_.OnWelcome(stream.id(), now, FromProto(message.welcome()), message.welcome().resume_token(),
                         VouchedFor(message.welcome()));
      if (session_.live_stream() == stream.id() && stream.labels_version != labels_version_) {
        stream.labels_version = labels_version_;
        stream.SendUpdate(MakeUpdate(labels_));
      }
      break;
    case v1::HeartbeatResponse::kPong:
      session_.OnPong(stream.id(), now, message.pong().sequence(), VouchedFor(message.pong()));
      break;
    case v1::HeartbeatResponse::kPing:
      stream.SendPong(message.ping());
      session_.OnProbe();
      break;
    case v1::HeartbeatResponse::kDrain:
      session_.OnDrain(stream.id(), now, FromProto(message.drain().reconnect_within()));
      break;
    default: break;  // of a newer server
  }
}

void Worker::OnEnd(HeartbeatStream& stream, const StreamEnd& end) {
  session_.OnStreamEnd(stream.id(), clock_.Boot(), end);
}

}  // namespace liveness::internal
