#include "tests/simulation/cluster/cluster_clients.h"

#include <algorithm>
#include <chrono>
#include <utility>

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

ClusterNode* ClusterClients::ServerOf(const ClusterProcess& process) {
  if (process.stream == nullptr) return nullptr;
  return parts_.servers.InLife(process.stream->server, process.stream->life);
}

void ClusterClients::Start(const std::string& client_id) {
  auto process = std::make_unique<ClusterProcess>();
  process->client_id = client_id;
  process->instance_id = client_id + "-" + std::to_string(all_.size() + 1);
  all_.push_back(std::move(process));
}

ClusterProcess& ClusterClients::Any() { return *all_[parts_.random.Below(all_.size())]; }

void ClusterClients::Step() {
  for (const auto& process : all_) Act(*process);
  std::erase_if(left_, [&](const auto& stream) {
    if (!parts_.random.Chance(10)) return false;
    ReadClose(*stream);
    return true;
  });
}

void ClusterClients::Silence() {
  for (const auto& process : all_) process->running = false;
}

void ClusterClients::Act(ClusterProcess& process) {
  if (!process.running) return;
  const MonoTime now = parts_.clock.Mono();
  if (process.stream == nullptr) {
    if (now >= process.acts_at) Connect(process);
    return;
  }
  if (process.stream->end) return Ended(process);
  if (ServerOf(process) == nullptr) {
    process.stream = nullptr;
    process.acts_at = now + parts_.random.Between({}, kInterval);
  } else if (now - process.heard_at > kTimeout) {
    parts_.rules.Count(process.stream->welcomed ? "gave up a silent server" : "gave up waiting");
    Close(process);
  } else if (process.stream->welcomed && now >= process.acts_at) {
    Beat(process);
  }
}

void ClusterClients::Connect(ClusterProcess& process) {
  const std::size_t server = parts_.random.Below(kServers);
  ClusterNode* node = parts_.servers.At(server);
  process.heard_at = parts_.clock.Mono();
  process.acts_at = process.heard_at + parts_.random.Between(milliseconds(10), 2 * kInterval);
  if (node == nullptr) return;
  const auto stream = std::make_shared<ClusterStream>();
  stream->server = server;
  stream->life = node->life;
  process.stream = stream;

  registry::HelloRequest hello;
  hello.info.client_id = process.client_id;
  hello.info.instance_id = process.instance_id;
  hello.info.peer_address = "10.0.0.1:" + std::to_string(parts_.random.Below(2));
  hello.interval = kInterval;
  hello.timeout = kTimeout;
  hello.resume_incarnation = process.token;
  hello.stream = std::make_shared<Handle>(stream);
  parts_.rules.SaysHello(process.client_id);
  node->registry.Attach(std::move(hello), [this, &process, stream](const auto& attached) {
    Answer(process, stream, attached);
  });
}

void ClusterClients::Answer(ClusterProcess& process, const std::shared_ptr<ClusterStream>& stream,
                            const absl::StatusOr<registry::Attached>& attached) {
  if (!attached.ok()) {
    parts_.rules.Count("refused " + std::string(absl::StatusCodeToString(attached.status().code())));
    if (!stream->end) stream->end = attached.status();
    return;
  }
  stream->attached = *attached;
  parts_.rules.ReadLog(parts_.clock.Mono());
  if (stream->gone || stream->end) return ReadClose(*stream);
  parts_.rules.CheckWelcome(ClusterServers::NameOf(stream->server), process.client_id, attached->incarnation);
  parts_.rules.Count(attached->resumed ? "resumed" : "begun");
  stream->welcomed = true;
  process.token = attached->incarnation;
  process.heard_at = process.acts_at = parts_.clock.Mono();
}

void ClusterClients::Beat(ClusterProcess& process) {
  ClusterNode& node = *ServerOf(process);
  const registry::Attached& attached = process.stream->attached;
  const MonoTime now = parts_.clock.Mono();
  process.acts_at = now + kInterval;
  const registry::TouchResult heard = attached.session->Touch(attached.attachment, now);
  if (heard == registry::TouchResult::kStale) return;
  if (heard == registry::TouchResult::kRefutes) node.registry.Refute(attached.session, attached.attachment);
  process.heard_at = now;
  const core::RecordPtr record = parts_.ledger.Find(process.client_id);
  const bool known = record != nullptr && record->state == core::State::kAlive &&
                     record->incarnation == attached.incarnation &&
                     *record->server_id == ClusterServers::NameOf(process.stream->server);
  if (known && !node.cut && parts_.servers.HasLease(process.stream->server))
    parts_.rules.Beats(process.client_id, attached.incarnation, now);
}

void ClusterClients::ReadClose(const ClusterStream& stream) {
  ClusterNode* node = parts_.servers.InLife(stream.server, stream.life);
  if (node == nullptr || stream.attached.session == nullptr) return;
  const registry::Attached& attached = stream.attached;
  node->registry.StreamClosed(attached.session, attached.attachment, core::StreamEnd::kConnectionClosed);
}

void ClusterClients::Close(ClusterProcess& process) {
  const std::shared_ptr<ClusterStream> stream = std::exchange(process.stream, nullptr);
  stream->gone = true;
  process.acts_at = parts_.clock.Mono() + parts_.random.Between({}, kInterval);
  ReadClose(*stream);
}

void ClusterClients::Move(ClusterProcess& process) {
  left_.push_back(std::exchange(process.stream, nullptr));
  process.acts_at = parts_.clock.Mono();
}

void ClusterClients::UpdateLabels(ClusterProcess& process, core::Labels labels) {
  const registry::Attached& attached = process.stream->attached;
  ServerOf(process)->registry.UpdateLabels(attached.session, attached.attachment, std::move(labels));
}

void ClusterClients::SayGoodbye(ClusterProcess& process, int exit_code) {
  const registry::Attached& attached = process.stream->attached;
  parts_.rules.AsksForEnd(process.client_id, parts_.clock.Wall());
  ServerOf(process)->registry.SayGoodbye(attached.session, attached.attachment, {.exit_code = exit_code});
  process.running = false;
}

void ClusterClients::Ended(ClusterProcess& process) {
  const absl::Status why = *process.stream->end;
  process.stream = nullptr;
  process.acts_at = parts_.clock.Mono() + parts_.random.Between(milliseconds(10), kInterval);
  if (!absl::IsAborted(why)) return;
  process.running = false;
  parts_.rules.Count("stopped for good");
  parts_.rules.Stopped(process.client_id, process.instance_id);
}

void ClusterClients::Check() {
  for (const auto& process : all_) Check(*process);
}

void ClusterClients::Check(const ClusterProcess& process) {
  if (!process.running) return;
  const core::RecordPtr record = parts_.ledger.Find(process.client_id);
  const bool in = process.stream != nullptr && process.stream->welcomed && record != nullptr &&
                  record->state == core::State::kAlive && record->incarnation == process.token &&
                  record->info.instance_id() == process.instance_id &&
                  *record->server_id == ClusterServers::NameOf(process.stream->server);
  if (!in) parts_.rules.Complain(process.instance_id + " runs, and did not get in");
}

}  // namespace liveness::simulation
