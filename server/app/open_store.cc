#include "server/app/open_store.h"

#include <spdlog/spdlog.h>

#include "server/storage/etcd/etcd_store.h"
#include "server/storage/memory_store.h"
#include "server/storage/sqlite_store.h"

namespace liveness::app {

absl::StatusOr<std::unique_ptr<storage::Store>> OpenStore(const Config& config, const common::Clock& clock) {
  if (config.store == "memory") return std::make_unique<storage::MemoryStore>(clock);
  if (config.store == "sqlite") {
    storage::SqliteOptions options;
    options.path = config.data_dir + "/liveness.db";
    options.fsync_always = config.fsync_always;
    options.max_history_age = config.history_age;
    options.max_history_rows = config.history_transitions;
    options.log = [](std::string_view line) { spdlog::warn("store: {}", line); };
    return storage::SqliteStore::Open(std::move(options), clock);
  }
  storage::etcd::EtcdOptions options;
  options.endpoints = config.etcd_endpoints;
  options.prefix = config.etcd_prefix;
  options.server_id = config.server_id;
  options.ca_file = config.etcd_ca;
  options.cert_file = config.etcd_cert;
  options.key_file = config.etcd_key;
  options.http_proxy = config.etcd_http_proxy;
  options.user = config.etcd_user;
  options.password_file = config.etcd_password_file;
  options.log = [](std::string_view line) { spdlog::warn("store: {}", line); };
  if (!options.user.empty() && options.ca_file.empty()) {
    options.log(
        "--etcd-user without --etcd-ca: the password, and the key that signs resume tokens, go to etcd "
        "for all to read; give etcd a certificate and name its CA with --etcd-ca");
  }
  return storage::etcd::EtcdStore::Open(std::move(options), clock);
}

}  // namespace liveness::app
