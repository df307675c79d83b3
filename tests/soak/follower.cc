#include "tests/soak/follower.h"

#include <memory>

#include "tests/support/heartbeat_stream.h"

namespace liveness::soak {

Follower::Follower(std::string address, std::string token, std::string steady)
    : address_(std::move(address)),
      token_(std::move(token)),
      steady_(std::move(steady)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

Follower::~Follower() {
  thread_.request_stop();
  std::lock_guard lock(mu_);
  if (context_ != nullptr) context_->TryCancel();
}

void Follower::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto stub = v1::RegistryService::NewStub(testing::NewChannel(address_));
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + token_);
    v1::WatchClientsRequest request;
    {
      std::lock_guard lock(mu_);
      context_ = &context;
      request.set_start_revision(revision_);
      request.set_history_id(history_id_);
    }
    const auto reader = stub->WatchClients(&context, request);
    v1::WatchClientsResponse response;
    while (!stop.stop_requested() && reader->Read(&response)) {
      std::lock_guard lock(mu_);
      Take(response);
    }
    {
      std::lock_guard lock(mu_);
      context_ = nullptr;
    }
    context.TryCancel();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

void Follower::Take(const v1::WatchClientsResponse& response) {
  if (response.has_gap()) ++gaps_;
  for (const v1::Transition& each : response.transitions()) {
    if (each.revision() <= revision_) {
      wrongs_.push_back("revision " + std::to_string(each.revision()) + " came after " +
                        std::to_string(revision_));
    }
    Take(each);
  }
  if (response.revision() != 0) revision_ = response.revision();
  if (!response.history_id().empty()) history_id_ = response.history_id();
}

void Follower::Take(const v1::Transition& transition) {
  ++transitions_;
  const bool dead = transition.to_state() == v1::STATE_DEAD;
  if (!dead && transition.to_state() != v1::STATE_SUSPECT) return;
  const std::string& id = transition.client_id();
  // A server that begins anew says so of all that it knew, until they are back.
  const bool began_anew = !dead && transition.cause() == v1::CAUSE_SERVER_LOST;
  if (id.starts_with(steady_) && !began_anew)
    wrongs_.push_back("said of one that beat on: " + transition.ShortDebugString());
  if (!dead) return;
  if (!died_.emplace(id, transition.incarnation()).second) {
    wrongs_.push_back(id + " died twice in incarnation " + std::to_string(transition.incarnation()));
  }
  dead_at_[id] = std::chrono::steady_clock::now();
}

std::optional<std::chrono::steady_clock::time_point> Follower::DeadAt(const std::string& client_id) const {
  std::lock_guard lock(mu_);
  const auto at = dead_at_.find(client_id);
  return at == dead_at_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<std::string> Follower::wrongs() const {
  std::lock_guard lock(mu_);
  return wrongs_;
}

std::uint64_t Follower::transitions() const {
  std::lock_guard lock(mu_);
  return transitions_;
}

std::uint64_t Follower::deaths() const {
  std::lock_guard lock(mu_);
  return died_.size();
}

std::uint64_t Follower::gaps() const {
  std::lock_guard lock(mu_);
  return gaps_;
}

}  // namespace liveness::soak
