// The processes of a cluster, and what server/rpc does with their streams. See
// cluster_world.h.
#include <algorithm>
#include <utility>

#include "tests/simulation/cluster_world.h"

namespace liveness::simulation {

using std::chrono::milliseconds;

namespace {

constexpr Duration kInterval = milliseconds(100);
constexpr Duration kTimeout = milliseconds(600);

// The server's end of a stream. Weak: the stream holds its session, which holds this.
class Handle final : public registry::StreamHandle {
 public:
  explicit Handle(std::weak_ptr<ClusterStream> stream) : stream_(std::move(stream)) {}
  void Probe(std::uint64_t) override {}
  void End(const absl::Status& why) override {
    const std::shared_ptr<ClusterStream> stream = stream_.lock();
    if (stream != nullptr && !stream->end) stream->end = why;
  }

 private:
  const std::weak_ptr<ClusterStream> stream_;
};

}  // namespace

ClusterNode* ClusterWorld::ServerOf(const ClusterStream& stream) {
  ClusterNode* node = nodes_.at(stream.server).get();
  return node != nullptr && node->life == stream.life ? node : nullptr;
}

void ClusterWorld::StartProcess(const std::string& client_id) {
  auto process = std::make_unique<ClusterProcess>();
  process->client_id = client_id;
  process->instance_id = client_id + "-" + std::to_string(++instances_);
  processes_.push_back(std::move(process));
}

void ClusterWorld::Act(ClusterProcess& process) {
  if (!process.running) return;
  const MonoTime now = clock_.Mono();
  if (process.stream == nullptr) {
    if (now >= process.acts_at) Connect(process);
    return;
  }
  if (process.stream->end) return Ended(process);
  if (ServerOf(*process.stream) == nullptr) {
    process.stream = nullptr;
    process.acts_at = now + random_.Between({}, kInterval);
  } else if (now - process.heard_at > kTimeout) {
    rules_.Count(process.stream->welcomed ? "gave up a silent server" : "gave up waiting");
    Close(process);
  } else if (process.stream->welcomed && now >= process.acts_at) {
    Beat(process);
  }
}

void ClusterWorld::Connect(ClusterProcess& process) {
  const std::size_t server = random_.Below(kServers);
  ClusterNode* node = nodes_.at(server).get();
  process.heard_at = clock_.Mono();
  process.acts_at = process.heard_at + random_.Between(milliseconds(10), 2 * kInterval);
  if (node == nullptr) return;
  const auto stream = std::make_shared<ClusterStream>();
  stream->server = server;
  stream->life = node->life;
  process.stream = stream;

  registry::HelloRequest hello;
  hello.info.client_id = process.client_id;
  hello.info.instance_id = process.instance_id;
  hello.info.peer_address = "10.0.0.1:" + std::to_string(random_.Below(2));
  hello.interval = kInterval;
  hello.timeout = kTimeout;
  hello.resume_incarnation = process.token;
  hello.stream = std::make_shared<Handle>(stream);
  rules_.SaysHello(process.client_id);
  node->registry.Attach(std::move(hello), [this, &process, stream](const auto& attached) {
    Answer(process, stream, attached);
  });
}

void ClusterWorld::Answer(ClusterProcess& process, const std::shared_ptr<ClusterStream>& stream,
                          const absl::StatusOr<registry::Attached>& attached) {
  if (!attached.ok()) {
    rules_.Count("refused " + std::string(absl::StatusCodeToString(attached.status().code())));
    if (!stream->end) stream->end = attached.status();
    return;
  }
  stream->attached = *attached;
  rules_.ReadLog(clock_.Mono());
  if (stream->gone || stream->end) return ReadClose(*stream);
  rules_.CheckWelcome(NameOf(stream->server), process.client_id, attached->incarnation);
  rules_.Count(attached->resumed ? "resumed" : "begun");
  stream->welcomed = true;
  process.token = attached->incarnation;
  process.heard_at = process.acts_at = clock_.Mono();
}

void ClusterWorld::Beat(ClusterProcess& process) {
  ClusterNode& node = *ServerOf(*process.stream);
  const registry::Attached& attached = process.stream->attached;
  const MonoTime now = clock_.Mono();
  process.acts_at = now + kInterval;
  const registry::TouchResult heard = attached.session->Touch(attached.attachment, now);
  if (heard == registry::TouchResult::kStale) return;
  if (heard == registry::TouchResult::kRefutes) node.registry.Refute(attached.session, attached.attachment);
  process.heard_at = now;
  const core::RecordPtr record = ledger_.Find(process.client_id);
  const bool known = record != nullptr && record->state == core::State::kAlive &&
                     record->incarnation == attached.incarnation &&
                     *record->server_id == NameOf(process.stream->server);
  if (known && !node.cut && leases_.contains(process.stream->server))
    rules_.Beats(process.client_id, attached.incarnation, now);
}

void ClusterWorld::ReadClose(ClusterStream& stream) {
  ClusterNode* node = ServerOf(stream);
  if (node == nullptr || stream.attached.session == nullptr) return;
  const registry::Attached& attached = stream.attached;
  node->registry.StreamClosed(attached.session, attached.attachment, core::StreamEnd::kConnectionClosed);
}

void ClusterWorld::Close(ClusterProcess& process) {
  const std::shared_ptr<ClusterStream> stream = std::exchange(process.stream, nullptr);
  stream->gone = true;
  process.acts_at = clock_.Mono() + random_.Between({}, kInterval);
  ReadClose(*stream);
}

void ClusterWorld::Ended(ClusterProcess& process) {
  const absl::Status why = *process.stream->end;
  process.stream = nullptr;
  process.acts_at = clock_.Mono() + random_.Between(milliseconds(10), kInterval);
  if (!absl::IsAborted(why)) return;
  process.running = false;
  rules_.Count("stopped for good");
  rules_.Stopped(process.client_id, process.instance_id);
}

}  // namespace liveness::simulation
