#include "server/app/open_store.h"

#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "absl/strings/str_cat.h"
#include "server/storage/etcd/etcd_store.h"
#include "server/storage/etcd/members.h"
#include "server/storage/memory_store.h"
#include "server/storage/sqlite_store.h"

namespace liveness::app {
namespace {

storage::etcd::EtcdOptions MakeEtcdOptions(const Config& config) {
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
  return options;
}

}  // namespace

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
  if (config.store != "etcd")
    return absl::InvalidArgumentError("no store is called \"" + config.store + "\"");
  storage::etcd::EtcdOptions options = MakeEtcdOptions(config);
  if (!options.user.empty() && options.ca_file.empty()) {
    options.log(
        "--etcd-user without --etcd-ca: the password, and the key that signs resume tokens, go to etcd "
        "for all to read; give etcd a certificate and name its CA with --etcd-ca");
  }
  return storage::etcd::EtcdStore::Open(std::move(options), clock);
}

absl::Status ForTheOperator(const Config& config, const absl::Status& failure) {
  if (!absl::IsPermissionDenied(failure) || config.store != "etcd") return failure;
  return absl::PermissionDeniedError(
      absl::StrCat(failure.message(), "; the role of --etcd-user=", config.etcd_user,
                   " must have readwrite on all keys that begin with --etcd-prefix=", config.etcd_prefix));
}

absl::Status CheckEtcdFiles(const Config& config) {
  const auto members = storage::etcd::Members::Create(MakeEtcdOptions(config));
  if (!members.ok()) return members.status();
  return config.etcd_user.empty() ? absl::OkStatus() : members->LogIn().status();
}

std::string StoreTlsWord(const Config& config) {
  if (config.store != "etcd" || config.etcd_ca.empty()) return "";
  const absl::Status usable = storage::etcd::CheckTlsFiles(MakeEtcdOptions(config));
  if (usable.ok()) return "; those for etcd are good, and read again without this signal";
  const std::string why(usable.message());
  spdlog::error("the TLS files for etcd cannot be used: {}", why);
  return "; those for etcd cannot be used";
}

}  // namespace liveness::app
