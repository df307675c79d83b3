#include "tests/support/fleet.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "liveness/v1/heartbeat_service.grpc.pb.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/sanitizer.h"

namespace liveness::testing {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

int Bearable(int clients) {
  if (Sanitizer() == "thread") return clients / 10;
  return IsSanitized() ? clients / 5 : clients;
}

// Keeps itself until gRPC is done with it.
class Fleet::Stream final : public grpc::ClientBidiReactor<v1::HeartbeatRequest, v1::HeartbeatResponse> {
 public:
  Stream(Fleet& fleet, std::string id) : fleet_(fleet), id_(std::move(id)) {}

  void Open(std::shared_ptr<Stream> self, const std::shared_ptr<grpc::Channel>& channel) {
    self_ = std::move(self);
    stub_ = v1::HeartbeatService::NewStub(channel);
    if (!fleet_.options_.token.empty()) {
      context_.AddMetadata("authorization", "Bearer " + fleet_.options_.token);
    }
    context_.set_wait_for_ready(true);
    stub_->async()->Heartbeat(&context_, this);
    request_ = HeartbeatStream::Hello(id_, id_ + "-1", fleet_.options_.interval, fleet_.options_.timeout);
    writing_ = true;
    StartWrite(&request_);
    StartRead(&response_);
    StartCall();
  }
  // Nothing if the last one is still on its way.
  void Ping() {
    std::lock_guard lock(mu_);
    if (over_ || !welcomed_ || std::exchange(writing_, true)) return;
    request_.mutable_ping()->set_sequence(++sequence_);
    StartWrite(&request_);
  }
  void CutOff() {
    cut_off_ = true;
    context_.TryCancel();
  }
  void WaitForEnd() {
    std::unique_lock lock(mu_);
    changed_.wait(lock, [this] { return over_; });
  }
  const std::string& id() const { return id_; }

 private:
  void OnWriteDone(bool) override {
    std::lock_guard lock(mu_);
    writing_ = false;
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (response_.has_welcome()) {
      {
        std::lock_guard lock(mu_);
        welcomed_ = true;
      }
      ++fleet_.welcomed_;
    }
    StartRead(&response_);
  }
  void OnDone(const grpc::Status&) override {
    if (!cut_off_) ++fleet_.ended_;
    const std::shared_ptr<Stream> self = std::move(self_);
    std::lock_guard lock(mu_);
    over_ = true;
    changed_.notify_all();
  }

  Fleet& fleet_;
  const std::string id_;
  std::unique_ptr<v1::HeartbeatService::Stub> stub_;
  grpc::ClientContext context_;
  v1::HeartbeatRequest request_;
  v1::HeartbeatResponse response_;
  std::shared_ptr<Stream> self_;
  std::atomic<bool> cut_off_{false};
  std::mutex mu_;
  std::condition_variable changed_;
  bool writing_ = false;
  bool welcomed_ = false;
  bool over_ = false;
  std::uint64_t sequence_ = 0;
};

Fleet::Fleet(FleetOptions options) : options_(std::move(options)) {
  std::shared_ptr<grpc::Channel> channel;
  for (int i = 0; i < options_.clients; ++i) {
    if (i % options_.per_connection == 0) channel = NewChannel(options_.address, options_.credentials);
    streams_.push_back(std::make_shared<Stream>(*this, options_.prefix + std::to_string(i)));
    streams_.back()->Open(streams_.back(), channel);
  }
  left_ = streams_.size();
  const auto give_up = steady_clock::now() + std::chrono::seconds(30);
  while (welcomed_ + ended_ < options_.clients && steady_clock::now() < give_up) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  beats_ = std::jthread([this](const std::stop_token& stop) { Beat(stop); });
}

Fleet::~Fleet() {
  beats_.request_stop();
  beats_.join();
  for (const auto& stream : streams_) stream->CutOff();
  for (const auto& stream : streams_) stream->WaitForEnd();
}

void Fleet::Beat(const std::stop_token& stop) {
  constexpr int kParts = 20;  // of an interval: not all at one moment
  for (std::size_t part = 0; !stop.stop_requested(); part = (part + 1) % kParts) {
    for (std::size_t i = part; i < streams_.size(); i += kParts) streams_[i]->Ping();
    std::this_thread::sleep_for(options_.interval / kParts);
  }
}

std::vector<std::string> Fleet::Last(int count) const {
  std::vector<std::string> ids;
  for (std::size_t i = left_; count > 0 && i > 0; --count) ids.push_back(streams_[--i]->id());
  return ids;
}

void Fleet::CutOff(int count) {
  for (; count > 0 && left_ > 0; --count) streams_[--left_]->CutOff();
}

struct FleetWatch::Told {
  std::mutex mu;
  std::condition_variable changed;
  int blamed = 0;
  int gaps = 0;
  std::set<std::string> expected;
  std::map<std::string, steady_clock::time_point> suspected;
};

FleetWatch::FleetWatch(std::shared_ptr<grpc::Channel> channel, const std::string& token, std::string prefix)
    : prefix_(std::move(prefix)),
      told_(std::make_unique<Told>()),
      stub_(v1::RegistryService::NewStub(std::move(channel))) {
  if (!token.empty()) context_.AddMetadata("authorization", "Bearer " + token);
  v1::WatchClientsRequest request;
  request.set_filter("client_id = \"" + prefix_ + "*\"");
  reader_ = stub_->WatchClients(&context_, request);
  thread_ = std::thread([this] { Read(); });
}

FleetWatch::~FleetWatch() {
  context_.TryCancel();
  thread_.join();
}

void FleetWatch::Read() {
  v1::WatchClientsResponse response;
  while (reader_->Read(&response)) {
    const auto now = steady_clock::now();
    std::lock_guard lock(told_->mu);
    if (response.has_gap()) ++told_->gaps;
    for (const v1::Transition& each : response.transitions()) {
      const bool is_suspect = each.to_state() == v1::STATE_SUSPECT;
      if (!is_suspect && each.to_state() != v1::STATE_DEAD) continue;
      if (!told_->expected.contains(each.client_id())) ++told_->blamed;
      told_->suspected.emplace(each.client_id(), now);
    }
    told_->changed.notify_all();
  }
}

int FleetWatch::blamed() const {
  std::lock_guard lock(told_->mu);
  return told_->blamed;
}

int FleetWatch::gaps() const {
  std::lock_guard lock(told_->mu);
  return told_->gaps;
}

void FleetWatch::Expect(const std::vector<std::string>& ids) {
  std::lock_guard lock(told_->mu);
  told_->expected.insert(ids.begin(), ids.end());
}

std::vector<milliseconds> FleetWatch::Found(const std::vector<std::string>& ids,
                                            steady_clock::time_point since, milliseconds patience) {
  std::unique_lock lock(told_->mu);
  const auto is_told = [&](const std::string& id) { return told_->suspected.contains(id); };
  told_->changed.wait_for(lock, patience, [&] { return std::all_of(ids.begin(), ids.end(), is_told); });
  std::vector<milliseconds> found;
  for (const std::string& id : ids) {
    const auto at = told_->suspected.find(id);
    if (at == told_->suspected.end()) continue;
    found.push_back(std::chrono::duration_cast<milliseconds>(at->second - since));
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace liveness::testing
