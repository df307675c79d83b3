#include "tests/integration/restart/follower.h"

#include <utility>

namespace liveness::testing {
namespace {

constexpr std::chrono::seconds kPatience(60);
// What is not told is known to be none only by then.
constexpr int kBookmarkIntervalNanos = 20'000'000;
constexpr std::size_t kComplaintsAtMost = 10'000;  // characters

}  // namespace

Follower::Follower(std::string name, std::string zone) : name_(std::move(name)), zone_(std::move(zone)) {}

Follower::~Follower() { Leave(); }

void Follower::Leave() {
  {
    std::lock_guard lock(mu_);
    leaving_ = true;
    if (context_ != nullptr) context_->TryCancel();
  }
  if (reader_.joinable()) reader_.join();
}

void Follower::Follow(const std::shared_ptr<grpc::Channel>& channel) {
  if (reader_.joinable()) reader_.join();
  v1::WatchClientsRequest request;
  request.mutable_bookmark_interval()->set_nanos(kBookmarkIntervalNanos);
  if (!zone_.empty()) request.set_filter("labels.zone = \"" + zone_ + "\"");
  {
    std::lock_guard lock(mu_);
    leaving_ = false;
    end_.clear();
    if (begun_) {
      request.set_start_revision(revision_);
      request.set_history_id(history_id_);
    } else {
      // It had only a part of its snapshot.
      picture_.clear();
      last_transition_ = 0;
    }
  }
  reader_ = std::thread([this, channel, request] { Read(channel, request); });
}

void Follower::Read(const std::shared_ptr<grpc::Channel>& channel, v1::WatchClientsRequest request) {
  const auto stub = v1::RegistryService::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(10));
  {
    std::lock_guard lock(mu_);
    context_ = &context;
    if (leaving_) context.TryCancel();
  }
  const auto stream = stub->WatchClients(&context, request);
  v1::WatchClientsResponse message;
  while (stream->Read(&message)) Take(std::move(message), request.start_revision() != 0);
  const grpc::Status status = stream->Finish();
  std::lock_guard lock(mu_);
  context_ = nullptr;
  end_ = "its stream ended with " + std::to_string(status.error_code()) + " " + status.error_message();
  if (!leaving_ && status.error_code() != grpc::StatusCode::UNAVAILABLE) Complain(end_);
}

void Follower::Take(v1::WatchClientsResponse message, bool resumed) {
  std::lock_guard lock(mu_);
  if (message.has_gap()) Complain("a gap: " + message.gap().ShortDebugString());
  if (resumed && (message.clients_size() != 0 || message.snapshot_done())) Complain("a snapshot");
  if (!message.history_id().empty()) {
    if (!history_id_.empty() && message.history_id() != history_id_) Complain("another history");
    history_id_ = message.history_id();
  }
  for (v1::Client& client : *message.mutable_clients()) {
    std::string id = client.client_id();
    picture_[std::move(id)] = std::move(client);
  }
  for (v1::Transition& transition : *message.mutable_transitions()) TakeTransition(std::move(transition));
  if (message.revision() != 0) {
    if (message.revision() < revision_ || message.revision() < last_transition_) {
      Complain("up to " + std::to_string(message.revision()) + " after " + std::to_string(revision_));
    }
    revision_ = message.revision();
  }
  if (message.snapshot_done()) {
    begun_ = true;
    pictured_ = revision_;
  }
  changed_.notify_all();
}

void Follower::TakeTransition(v1::Transition transition) {
  // Of one server with one disk none shares its revision with another.
  if (transition.revision() <= last_transition_ || (begun_ && transition.revision() <= revision_)) {
    Complain("transition " + std::to_string(transition.revision()) + " after " +
             std::to_string(last_transition_) + ", and all up to " + std::to_string(revision_));
  }
  last_transition_ = transition.revision();
  ++transitions_;
  if (transition.to_state() == v1::STATE_DEAD && transition.from_state() != v1::STATE_DEAD) {
    if (!dead_.insert(transition.incarnation()).second)
      Complain("died twice: " + transition.ShortDebugString());
    deaths_.push_back(transition);
  }
  if (begun_) {
    waiting_.push_back(std::move(transition));
  } else {
    Apply(transition);  // between the parts of its snapshot
  }
}

void Follower::Apply(const v1::Transition& transition) {
  const std::string& id = transition.client_id();
  const auto known = picture_.find(id);
  // One that matches again has a past that this follower was not told.
  if (known != picture_.end() || zone_.empty()) {
    const v1::State state = known == picture_.end() ? v1::STATE_UNSPECIFIED : known->second.state();
    if (begun_ && transition.from_state() != state) {
      Complain("it was " + v1::State_Name(state) + " before " + transition.ShortDebugString());
    }
    if (known != picture_.end() && transition.incarnation() < known->second.incarnation()) {
      Complain("incarnation went back: " + transition.ShortDebugString());
    }
  }
  const auto label = transition.client().labels().find("zone");
  const bool matches =
      zone_.empty() || (label != transition.client().labels().end() && label->second == zone_);
  if (transition.to_state() == v1::STATE_FORGOTTEN || !matches) {
    picture_.erase(id);
  } else {
    picture_[id] = transition.client();
  }
}

std::optional<Follower::Picture> Follower::At(std::uint64_t revision) {
  std::unique_lock lock(mu_);
  const bool told = changed_.wait_for(lock, kPatience, [&] { return begun_ && revision_ >= revision; });
  if (!told || pictured_ > revision) return std::nullopt;
  for (; !waiting_.empty() && waiting_.front().revision() <= revision; waiting_.pop_front()) {
    Apply(waiting_.front());
  }
  pictured_ = revision;
  return picture_;
}

bool Follower::HasBegun() {
  std::unique_lock lock(mu_);
  return changed_.wait_for(lock, kPatience, [&] { return begun_; });
}

std::vector<v1::Transition> Follower::TakeDeaths() {
  std::lock_guard lock(mu_);
  return std::exchange(deaths_, {});
}

std::uint64_t Follower::revision() const {
  std::lock_guard lock(mu_);
  return std::max(revision_, last_transition_);
}

std::int64_t Follower::transitions() const {
  std::lock_guard lock(mu_);
  return transitions_;
}

std::string Follower::end() const {
  std::lock_guard lock(mu_);
  return end_;
}

std::string Follower::complaints() const {
  std::lock_guard lock(mu_);
  return complaints_;
}

void Follower::Complain(const std::string& what) {
  if (complaints_.size() < kComplaintsAtMost) complaints_ += name_ + ": " + what + "\n";
}

}  // namespace liveness::testing
