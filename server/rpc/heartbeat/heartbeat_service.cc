#include "server/rpc/heartbeat/heartbeat_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "common/duration_text.h"
#include "server/rpc/engine/call_errors.h"

namespace liveness::rpc {
namespace {

// Soon, because the others wait to hear whether another server took the scouts in.
constexpr common::Duration kScoutWindow = std::chrono::milliseconds(250);
// Streams that are copied with the lock held: some 50 us.
constexpr std::size_t kTakenAtOnce = 1'024;

}  // namespace

HeartbeatService::HeartbeatService(HeartbeatOptions options, const common::Clock& clock,
                                   registry::Registry& registry, const storage::Store& store,
                                   const net::AcceptedSockets& sockets, const auth::Gate& gate)
    : options_(std::move(options)),
      clock_(clock),
      registry_(registry),
      store_key_(store.token_key()),
      resume_tokens_(MakeKeyRing(store_key_, {})),
      log_(clock, options_.max_log_rate),
      quota_(options_.max_streams_per_peer),
      sessions_(options_.max_streams_per_principal),
      pace_(options_.max_hello_rate),
      deps_{.options = options_,
            .clock = clock_,
            .registry = registry_,
            .resume_tokens = resume_tokens_,
            .gate = gate,
            .sockets = sockets,
            .diag = diag_,
            .quota = quota_,
            .sessions = sessions_,
            .pace = pace_,
            .log = log_,
            .listener = *this,
            .draining = draining_,
            .pings = pings_,
            .merged_label_changes = merged_label_changes_,
            .progress_left_out = progress_left_out_,
            .figures = figures_,
            .rtts = rtts_},
      closer_(
          clock_,
          [this](std::span<const net::TcpDiag::Question> questions) {
            // Streams that have just ended are no longer among the open ones.
            return diag_of_ended_.AskAll(questions, stream_count() + questions.size());
          },
          [this](const EndedStream& ended, const core::LinkEvidence& link) { TellEnd(ended, link); }) {}

HeartbeatService::~HeartbeatService() = default;

void HeartbeatService::Start(grpc::ServerCompletionQueue& cq, Engine& engine) {
  HeartbeatCall::Ask(service_, deps_, cq, engine);
}

void HeartbeatService::UseKeys(const common::ResumeKeys& keys) {
  resume_tokens_.Replace(MakeKeyRing(store_key_, keys));
}

bool HeartbeatService::OnOpened(const std::shared_ptr<HeartbeatWriter>& stream) {
  common::MutexLock lock(mu_);
  open_.insert(stream);
  return !ending_;
}

void HeartbeatService::OnClosed(const std::shared_ptr<HeartbeatWriter>& stream) {
  common::MutexLock lock(mu_);
  open_.erase(stream);
}

std::size_t HeartbeatService::stream_count() const {
  common::MutexLock lock(mu_);
  return open_.size();
}

std::int64_t HeartbeatService::ForEachOpen(absl::FunctionRef<void(HeartbeatWriter&)> tell) {
  std::int64_t told = 0;
  std::shared_ptr<HeartbeatWriter> last;
  while (true) {
    std::vector<std::shared_ptr<HeartbeatWriter>> some;
    {
      common::MutexLock lock(mu_);
      for (auto at = open_.upper_bound(last); at != open_.end() && some.size() < kTakenAtOnce; ++at) {
        some.push_back(*at);
      }
    }
    if (some.empty()) return told;
    for (const auto& stream : some) tell(*stream);
    told += static_cast<std::int64_t>(some.size());
    last = std::move(some.back());
  }
}

std::int64_t HeartbeatService::Drain(common::Duration reconnect_within) {
  draining_.store(true, std::memory_order_relaxed);
  return ForEachOpen([&](HeartbeatWriter& stream) { stream.Drain(reconnect_within); });
}

bool HeartbeatService::EndDrain() {
  common::MutexLock lock(mu_);
  return !ending_ && draining_.exchange(false, std::memory_order_relaxed);
}

void HeartbeatService::BeginRelocation(common::Duration within) {
  std::vector<std::shared_ptr<HeartbeatWriter>> scouts;
  {
    common::MutexLock lock(mu_);
    relocate_within_ = within;
    scouts = relocation_.Begin(open_);
  }
  for (const auto& scout : scouts) scout->Drain(std::min(within, kScoutWindow));
  spdlog::info("asked {} streams to look for another server", scouts.size());
}

void HeartbeatService::EndRelocation() {
  common::MutexLock lock(mu_);
  relocation_.End();
}

void HeartbeatService::OnStreamEnded(EndedStream ended) {
  if (closer_.Put(std::move(ended))) return;
  // Too many wait. The registry is to know at once rather than never, without a look at the connection.
  if (ended.how == core::StreamEnd::kNone) ended.how = core::StreamEnd::kConnectionClosed;
  TellEnd(ended, {});
}

void HeartbeatService::TellEnd(const EndedStream& ended, const core::LinkEvidence& link) {
  if (ended.stream != nullptr) LogEnd(ended);
  registry_.StreamClosed(ended.session, ended.attachment, ended.how, link, ended.ended_at);
  if (ended.stream != nullptr) OnClientLeft(ended.stream);
}

void HeartbeatService::LogEnd(const EndedStream& ended) {
  const char* reason = "CONNECTION_CLOSED";
  const char* message = "closed without goodbye";
  if (ended.how == core::StreamEnd::kHalfClosed) {
    reason = "HALF_CLOSED";
    message = "half-closed without goodbye";
  } else if (ended.how == core::StreamEnd::kCancelled) {
    reason = "CALL_CANCELLED";
    message = "cancelled without goodbye, its connection lives";
  } else if (ended.how == core::StreamEnd::kCallDeadline) {
    reason = "CALL_DEADLINE";
    message = "the client's own deadline for the call passed";
  }
  log_.Write(reason, ended.client_id, net::ToText(ended.link.socket.remote), message);
}

void HeartbeatService::OnClientLeft(const std::shared_ptr<HeartbeatWriter>& stream) {
  common::Duration within{};
  {
    common::MutexLock lock(mu_);
    if (!relocation_.Left(stream)) return;
    within = relocate_within_;
  }
  const std::int64_t asked = ForEachOpen([&](HeartbeatWriter& each) { each.Drain(within); });
  spdlog::info("other servers take them: asked {} streams to move within {}", asked,
               common::FormatForPeople(within));
}

void HeartbeatService::OnGateChanged() {
  ForEachOpen([](HeartbeatWriter& stream) { stream.AskGate(); });
}

void HeartbeatService::EndCalls() {
  {
    common::MutexLock lock(mu_);
    ending_ = true;
    draining_.store(true, std::memory_order_relaxed);
  }
  ForEachOpen([](HeartbeatWriter& stream) { stream.End(DrainingError()); });
}

}  // namespace liveness::rpc
