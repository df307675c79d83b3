// The parts of the server and how they are wired: who is made before whom, who serves
// what, and what is said of all of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/security/server_credentials.h>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/signer.h"
#include "server/app/access_watch.h"
#include "server/app/config/config.h"
#include "server/app/data_dir_lock.h"
#include "server/app/drainer.h"
#include "server/app/http_front.h"
#include "server/app/log/audit_file.h"
#include "server/app/log/incident_log.h"
#include "server/app/resume_key_watch.h"
#include "server/app/tls_watch.h"
#include "server/app/watchdog.h"
#include "server/auth/access.h"
#include "server/auth/audit/audit_log.h"
#include "server/auth/tls.h"
#include "server/core/record/record.h"
#include "server/hooks/hooks.h"
#include "server/net/accepted_sockets.h"
#include "server/net/acceptor.h"
#include "server/net/ingress_guard.h"
#include "server/net/listen_socket.h"
#include "server/registry/detector_thread.h"
#include "server/registry/publisher_thread.h"
#include "server/registry/registry.h"
#include "server/rpc/canary/canary.h"
#include "server/rpc/canary/canary_service.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/heartbeat/heartbeat_service.h"
#include "server/rpc/operate/admin_service.h"
#include "server/rpc/operate/health_service.h"
#include "server/storage/store.h"

namespace liveness::app {

// Destroyed from the bottom up: the engine with its calls before what they use. Before that the destructor
// ends what runs by itself, each while all that it tells is still there: the canary and the detector, then
// the calls, the hooks, and the store.
// Not thread-safe: main's. What the services ask of it may be asked on any thread.
struct ServerParts {
  ServerParts(const Config& given, std::unique_ptr<DataDirLock> taken,
              std::unique_ptr<auth::ServerTls> loaded, auth::AccessPolicy policy,
              std::unique_ptr<storage::Store> opened, storage::Contents contents);
  // A store tells of what it still commits when it stops, and through the registry that reaches the services
  // that asked for it, the detector and the publisher.
  ~ServerParts();

  // Between the two the registry may be told.
  class RunningStore {
   public:
    ~RunningStore() { Stop(); }
    // Once.
    void Start(storage::Store& store, storage::StoreListener& listener) {
      store_ = &store;
      store.Start(listener);
    }
    // Nothing if it does not run.
    void Stop() {
      if (auto* const store = std::exchange(store_, nullptr)) store->Stop();
    }

   private:
    storage::Store* store_ = nullptr;
  };

  // Once, before StartRegistry.
  void AddServices();
  // Once, after AddServices. `keys`: what LoadResumeKeys() made of the configuration.
  void StartResumeKeys(common::ResumeKeys keys);
  // Once, before Listen. The store's and the detector's threads begin only when the registry knows
  // whom to tell: it asks without a lock.
  void StartRegistry();
  v1::ServerInfo Describe() const;
  // Why this server is not ready, one reason each; any thread.
  std::vector<v1::NotReady> WhyNotReady() const;
  bool IsReady() const { return WhyNotReady().empty(); }
  // The registry found something out of this server.
  void OnWitness(const registry::WitnessEvent& event);
  // Serves when it returns OK; else says why not, in an operator's words. `inherited`: the
  // sockets that systemd opened.
  absl::Status Listen(std::shared_ptr<grpc::ServerCredentials> credentials,
                      std::vector<net::ListenSocket> inherited);
  // Nothing if new connections get in, as far as is known; any thread.
  std::optional<std::string> WhyNotAccepting() const;
  // The canary found that none gets in, and why, or that they do again.
  void OnAccepting(const std::optional<std::string>& why_not);
  // What must work, or this process is better started anew: the detector ticks within `patience`, no I/O
  // thread has been still for longer than --max-doubt, and new connections get in. Any thread.
  std::vector<HealthProbe> LiveProbes(common::Duration patience) const;
  // Where systemd wants to know that this server works.
  void StartWatchdog();
  // Once, before anything else here: where --audit-file asks for it. INVALID_ARGUMENT: it cannot be opened.
  absl::Status OpenAuditFile();
  // After Listen. An error as HttpFront::Start's.
  absl::Status StartHttp();

  const Config config;
  const std::unique_ptr<DataDirLock> lock;
  const common::WallTime start_time = common::SystemClock().Wall();
  const std::unique_ptr<storage::Store> store;
  const common::Signer signer;
  IncidentLog incidents;
  const std::unique_ptr<auth::ServerTls> tls;
  // What the store still holds of acts keeps it for longer than the calls.
  const std::shared_ptr<auth::AuditLog> audit;
  std::shared_ptr<AuditFile> audit_file;  // the log's too; null: none
  auth::Access access;
  net::AcceptedSockets sockets;
  net::IngressGuard ingress;
  registry::Registry registry;
  RunningStore running;
  registry::DetectorThread detector;
  registry::PublisherThread publisher;
  hooks::Hooks hooks;
  std::string address;  // Listen's, like the next; before any call is taken
  core::Keepalive listener;
  rpc::Engine engine;
  std::optional<net::Acceptor> acceptor;       // from Listen on; stopped before the engine shuts down
  std::atomic<bool> accepting{false};          // from then on other threads may ask the acceptor
  rpc::HeartbeatService* heartbeat = nullptr;  // the engine's
  rpc::HealthService* health = nullptr;        // likewise
  Drainer drainer;
  const std::string canary_secret = rpc::NewCanarySecret();
  rpc::Canary canary;
  TlsWatch tls_watch;
  AccessWatch access_watch;
  std::optional<ResumeKeyWatch> resume_key_watch;  // from StartResumeKeys on
  std::unique_ptr<HttpFront> http;                 // null: none
  std::optional<Watchdog> watchdog;                // where systemd asked for one
};

}  // namespace liveness::app
