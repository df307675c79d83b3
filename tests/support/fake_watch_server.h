// A registry in the test's own process whose WatchClients does what a script
// says; every other method is UNIMPLEMENTED.
//
// Each stream runs its script on a thread of gRPC's; the script's return value
// is the stream's status. Thread-safe.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/mutex.h"
#include "liveness/v1/registry_service.grpc.pb.h"

namespace liveness::testing {

// One watch as its script sees it. Used on the script's thread only.
class FakeWatch {
 public:
  using Raw = grpc::ServerWriter<v1::WatchClientsResponse>;
  FakeWatch(grpc::ServerContext& context, Raw& raw, const v1::WatchClientsRequest& request)
      : context_(context), raw_(raw), request_(request) {}

  const v1::WatchClientsRequest& request() const { return request_; }
  void Write(const v1::WatchClientsResponse& response) { raw_.Write(response); }
  // A snapshot of one client, complete at `revision`.
  void Snapshot(const std::string& client_id, std::uint64_t revision, const std::string& history_id);
  // That client's death.
  void Death(const std::string& client_id, std::uint64_t revision, const std::string& history_id);
  // Until `over`, or until the watcher is gone.
  void Stay(const std::atomic<bool>& over) const;

 private:
  grpc::ServerContext& context_;
  Raw& raw_;
  const v1::WatchClientsRequest& request_;
};

class FakeWatchServer {
 public:
  using Script = std::function<grpc::Status(FakeWatch&)>;

  // Listens on 127.0.0.1, on a port that is free.
  explicit FakeWatchServer(Script script);
  // Cancels what is open and waits for the scripts.
  ~FakeWatchServer();

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // Of all watches so far.
  std::vector<v1::WatchClientsRequest> requests() const { return service_.Requests(); }

 private:
  class Service final : public v1::RegistryService::Service {
   public:
    explicit Service(Script script) : script_(std::move(script)) {}
    grpc::Status WatchClients(grpc::ServerContext* context, const v1::WatchClientsRequest* request,
                              FakeWatch::Raw* raw) override;
    std::vector<v1::WatchClientsRequest> Requests() const;

   private:
    const Script script_;
    mutable common::Mutex mu_;
    std::vector<v1::WatchClientsRequest> requests_ ABSL_GUARDED_BY(mu_);
  };

  Service service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace liveness::testing
