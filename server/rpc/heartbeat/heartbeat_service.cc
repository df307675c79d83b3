#include "server/rpc/heartbeat/heartbeat_service.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "common/duration_text.h"
#include "common/signer.h"
#include "server/rpc/heartbeat/heartbeat_call.h"

namespace liveness::rpc {
namespace {

// Whether others take them should be known soon.
constexpr common::Duration kScoutWindow = std::chrono::milliseconds(250);
// Streams that are taken out with the lock held: some 50 us.
constexpr std::size_t kTakenAtOnce = 1'024;

core::ResumeTokens MakeResumeTokens(const storage::Store& store) {
  const storage::TokenKey& key = store.token_key();
  const common::Signer signer(std::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
  // The key's public name: tells a token of another store from a forged one.
  const common::Signer::Mac name = signer.Sign("liveness resume token key");
  std::uint64_t key_id = 0;
  std::memcpy(&key_id, name.data(), sizeof(key_id));
  return {key_id, [signer](std::string_view message) { return signer.Sign(message); }};
}

}  // namespace

HeartbeatService::HeartbeatService(HeartbeatOptions options, const common::Clock& clock,
                                   registry::Registry& registry, const storage::Store& store,
                                   const net::AcceptedSockets& sockets)
    : options_(std::move(options)),
      clock_(clock),
      registry_(registry),
      resume_tokens_(MakeResumeTokens(store)),
      sockets_(sockets),
      log_(clock),
      quota_(options_.max_streams_per_peer),
      closer_(
          clock_,
          [this](std::span<const net::TcpDiag::Question> questions) {
            // Those that have just ended are no longer among the open ones.
            return diag_of_ended_.AskAll(questions, stream_count() + questions.size());
          },
          [this](const EndedStream& ended, const core::LinkEvidence& link) { TellEnd(ended, link); }) {}

HeartbeatService::~HeartbeatService() = default;

void HeartbeatService::Start(grpc::ServerCompletionQueue& cq, Engine& engine) {
  HeartbeatCall::Ask(*this, cq, engine);
}

bool HeartbeatService::Opened(const std::shared_ptr<HeartbeatHandle>& handle) {
  common::MutexLock lock(mu_);
  open_.insert(handle);
  return !ending_;
}

void HeartbeatService::Closed(const std::shared_ptr<HeartbeatHandle>& handle) {
  common::MutexLock lock(mu_);
  open_.erase(handle);
}

std::size_t HeartbeatService::stream_count() const {
  common::MutexLock lock(mu_);
  return open_.size();
}

std::int64_t HeartbeatService::ForEachOpen(absl::FunctionRef<void(HeartbeatHandle&)> tell) {
  std::int64_t told = 0;
  std::shared_ptr<HeartbeatHandle> last;
  while (true) {
    std::vector<std::shared_ptr<HeartbeatHandle>> some;
    {
      common::MutexLock lock(mu_);
      for (auto at = open_.upper_bound(last); at != open_.end() && some.size() < kTakenAtOnce; ++at) {
        some.push_back(*at);
      }
    }
    if (some.empty()) return told;
    for (const auto& handle : some) tell(*handle);
    told += static_cast<std::int64_t>(some.size());
    last = std::move(some.back());
  }
}

std::int64_t HeartbeatService::Drain(common::Duration reconnect_within) {
  draining_.store(true, std::memory_order_relaxed);
  return ForEachOpen([&](HeartbeatHandle& handle) { handle.Drain(reconnect_within); });
}

bool HeartbeatService::EndDrain() {
  common::MutexLock lock(mu_);
  return !ending_ && draining_.exchange(false, std::memory_order_relaxed);
}

void HeartbeatService::SendAway(common::Duration within) {
  std::vector<std::shared_ptr<HeartbeatHandle>> scouts;
  {
    common::MutexLock lock(mu_);
    away_within_ = within;
    scouts = relocation_.Begin(open_);
  }
  for (const auto& handle : scouts) handle->Drain(std::min(within, kScoutWindow));
  spdlog::info("asked {} streams to look for another server", scouts.size());
}

void HeartbeatService::MayStay() {
  common::MutexLock lock(mu_);
  relocation_.End();
}

void HeartbeatService::OnStreamEnded(EndedStream ended) {
  if (closer_.Put(std::move(ended))) return;
  // Too many wait. The registry is to know at once rather than never; there is no time for a look.
  if (ended.how == core::StreamEnd::kNone) ended.how = core::StreamEnd::kConnectionClosed;
  TellEnd(ended, {});
}

void HeartbeatService::TellEnd(const EndedStream& ended, const core::LinkEvidence& link) {
  if (ended.stream != nullptr) LogEnd(ended);
  registry_.StreamClosed(ended.session, ended.attachment, ended.how, link, ended.ended_at);
  if (ended.stream != nullptr) LeftByClient(ended.stream);
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
  log_.Write(reason, ended.client_id, net::ToText(ended.connection.remote), message);
}

void HeartbeatService::LeftByClient(const std::shared_ptr<HeartbeatHandle>& handle) {
  common::Duration within{};
  {
    common::MutexLock lock(mu_);
    if (!relocation_.Left(handle)) return;
    within = away_within_;
  }
  const std::int64_t asked = ForEachOpen([&](HeartbeatHandle& each) { each.Drain(within); });
  spdlog::info("other servers take them: asked {} streams to move within {}", asked,
               common::FormatForPeople(within));
}

void HeartbeatService::EndCalls() {
  {
    common::MutexLock lock(mu_);
    ending_ = true;
    draining_.store(true, std::memory_order_relaxed);
  }
  ForEachOpen([](HeartbeatHandle& handle) { handle.End(DrainingError()); });
}

}  // namespace liveness::rpc
