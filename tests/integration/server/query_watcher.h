// A watcher as the contract describes one: it keeps a copy of the registry, from
// a snapshot and every transition after it. Header only. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <grpcpp/client_context.h>

#include "liveness/v1/registry_service.grpc.pb.h"

namespace liveness::testing {

// Without what moves with every heartbeat, which a watch does not follow.
inline std::string Settled(v1::Client client) {
  client.clear_last_heartbeat_time();
  client.clear_deadline_time();
  client.clear_rtt();
  client.clear_keepalive();
  client.clear_progress();
  // Text, for maps are serialised in any order.
  return client.ShortDebugString();
}

class Watcher {
 public:
  Watcher(const std::shared_ptr<grpc::Channel>& channel, const v1::WatchClientsRequest& request)
      : stub_(v1::RegistryService::NewStub(channel)) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    reader_ = stub_->WatchClients(&context_, request);
    done = request.start_revision() != 0;
  }
  ~Watcher() { context_.TryCancel(); }

  // Takes one message in; false at the end of the stream.
  bool Next() {
    v1::WatchClientsResponse message;
    if (!reader_->Read(&message)) return false;
    last = message;
    ++messages;
    if (!message.history_id().empty()) history_id = message.history_id();
    if (message.has_gap()) {
      ++gaps;
      done = false;
      clients.clear();
    }
    for (const v1::Client& client : message.clients()) {
      clients[client.client_id()] = {client.revision(), Settled(client)};
    }
    for (const v1::Transition& transition : message.transitions()) {
      in_order = in_order && transition.revision() >= last_transition;
      last_transition = transition.revision();
      Apply(transition);
      ++transitions;
    }
    if (message.snapshot_done()) done = true;
    if (message.revision() != 0) {
      in_order = in_order && message.revision() >= revision;
      revision = message.revision();
    }
    return true;
  }

  // Until the snapshot is done and all up to `wanted` was told.
  bool CatchUp(std::uint64_t wanted) {
    while (!done || revision < wanted) {
      if (!Next()) return false;
    }
    return true;
  }

  grpc::Status Finish() { return reader_->Finish(); }
  void Cancel() { context_.TryCancel(); }

  struct Entry {
    std::uint64_t revision = 0;
    std::string text;
  };
  std::map<std::string, Entry> clients;
  v1::WatchClientsResponse last;
  std::string history_id;
  std::uint64_t revision = 0;
  std::uint64_t last_transition = 0;
  int messages = 0;
  int gaps = 0;
  std::int64_t transitions = 0;
  bool done = false;
  bool in_order = true;

 private:
  void Apply(const v1::Transition& transition) {
    const auto at = clients.find(transition.client_id());
    if (at != clients.end() && at->second.revision >= transition.revision()) return;
    if (transition.to_state() == v1::STATE_FORGOTTEN) {
      if (at != clients.end()) clients.erase(at);
    } else {
      clients[transition.client_id()] = {transition.revision(), Settled(transition.client())};
    }
  }

  std::unique_ptr<v1::RegistryService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchClientsResponse>> reader_;
};

}  // namespace liveness::testing
