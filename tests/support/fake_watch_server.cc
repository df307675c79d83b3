#include "tests/support/fake_watch_server.h"

#include <chrono>
#include <thread>
#include <utility>

namespace liveness::testing {

void FakeWatch::Snapshot(const std::string& client_id, std::uint64_t revision,
                         const std::string& history_id) {
  v1::WatchClientsResponse response;
  v1::Client& client = *response.add_clients();
  client.set_client_id(client_id);
  client.set_state(v1::STATE_ALIVE);
  client.set_revision(revision);
  response.set_snapshot_done(true);
  response.set_revision(revision);
  response.set_history_id(history_id);
  Write(response);
}

void FakeWatch::Death(const std::string& client_id, std::uint64_t revision, const std::string& history_id) {
  v1::WatchClientsResponse response;
  v1::Transition& transition = *response.add_transitions();
  transition.set_client_id(client_id);
  transition.set_revision(revision);
  transition.set_from_state(v1::STATE_SUSPECT);
  transition.set_to_state(v1::STATE_DEAD);
  response.set_revision(revision);
  response.set_history_id(history_id);
  Write(response);
}

void FakeWatch::Stay(const std::atomic<bool>& over) const {
  while (!over && !context_.IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

grpc::Status FakeWatchServer::Service::WatchClients(grpc::ServerContext* context,
                                                    const v1::WatchClientsRequest* request,
                                                    FakeWatch::Raw* raw) {
  {
    common::MutexLock lock(mu_);
    requests_.push_back(*request);
  }
  FakeWatch watch(*context, *raw, *request);
  return script_(watch);
}

std::vector<v1::WatchClientsRequest> FakeWatchServer::Service::Requests() const {
  common::MutexLock lock(mu_);
  return requests_;
}

FakeWatchServer::FakeWatchServer(Script script) : service_(std::move(script)) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(&service_);
  server_ = builder.BuildAndStart();
}

FakeWatchServer::~FakeWatchServer() {
  if (server_) server_->Shutdown(std::chrono::system_clock::now());
}

}  // namespace liveness::testing
