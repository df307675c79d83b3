#include "server/app/server.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "absl/strings/str_cat.h"
#include "common/duration_text.h"
#include "common/random.h"
#include "common/saturating.h"
#include "server/app/access_policy.h"
#include "server/app/data_dir.h"
#include "server/app/data_dir_access.h"
#include "server/app/open_listeners.h"
#include "server/app/open_store.h"
#include "server/app/process.h"
#include "server/app/resume_key_watch.h"
#include "server/app/server_parts.h"
#include "server/app/version.h"
#include "server/auth/tls.h"
#include "server/net/inherited_sockets.h"

namespace liveness::app {
namespace {

// Shares of the drain timeout: the window that clients spread over, and the
// time that is kept for ending what is left.
constexpr int kWindowShare = 2;
constexpr int kEndShare = 5;
constexpr unsigned kLooksPerTlsLook = 4;
constexpr common::Duration kHurryPoll = std::chrono::milliseconds(20);

std::string NewServerId() {
  char host[256] = "";
  (void)gethostname(host, sizeof(host) - 1);
  return absl::StrCat(host[0] != '\0' ? host : "server", "-", common::RandomHexId().substr(0, 8));
}

// Once; loudly where anybody may do anything.
void TellAccess(const Config& config) {
  const std::string access = DescribeAccess(config);
  if (config.auth.anonymous && !config.auth.anonymous->empty()) {
    spdlog::warn("INSECURE: {} (--insecure-anonymous={})", access, config.auth.anonymous_text);
  } else if (!access.empty()) {
    spdlog::info("access: {}", access);
  }
}

// Where secrets are kept: keys, a password, those of hooks. In the file of --config one may stand too, in the
// url of a hook, by which its receiver knows who calls.
std::vector<std::string> SecretFiles(const Config& config) {
  std::vector<std::string> files = {config.tls.key, config.etcd_key, config.etcd_password_file};
  bool in_config = false;
  for (const hooks::HookConfigPtr& hook : config.hooks) {
    files.push_back(hook->secret_file);
    in_config |= hooks::ShownUrl(hook->url) != hook->url || hooks::ShownUrl(hook->proxy) != hook->proxy;
  }
  if (in_config) files.push_back(config.file);
  return files;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Config& config) {
  Config complete = config;
  if (complete.server_id.empty()) complete.server_id = NewServerId();
  // First: it changes the environment, which other threads will read.
  auto inherited = net::TakeInheritedSockets(MakeListenOptions(complete));
  if (!inherited.ok()) return inherited.status();
  complete.inherits_wide = std::any_of(inherited->begin(), inherited->end(),
                                       [](const net::ListenSocket& socket) { return socket.is_wide(); });
  if (absl::Status closed = CheckClosed(complete); !closed.ok()) return closed;
  std::unique_ptr<DataDirLock> lock;
  for (const std::string& note : FindExposedSecrets(SecretFiles(complete))) spdlog::warn("{}", note);
  for (const std::string& note : FindForgeable(
           {complete.auth.rules_file, complete.auth.token_file, complete.auth.crl_file, complete.tls.ca})) {
    spdlog::warn("{}", note);
  }
  if (complete.KeepsData()) {
    const auto access = MakeDataDirPrivate(complete.data_dir);
    if (!access.ok()) return access.status();
    for (const std::string& note : *access) spdlog::warn("{}", note);
    auto taken = DataDirLock::Take(complete.data_dir);
    if (!taken.ok()) return taken.status();
    lock = *std::move(taken);
  }
  auto tls = auth::ServerTls::Load(complete.tls, common::SystemClock());
  if (!tls.ok()) return tls.status();

  // The store may be long in opening, and a token be revoked meanwhile.
  std::string policy_print = PolicyPrint(complete);
  auto policy = LoadPolicy(complete);
  if (!policy.ok()) return policy.status();

  auto resume_keys = LoadResumeKeys(complete.resume_key_file);
  if (!resume_keys.ok()) return resume_keys.status();

  auto store = OpenStore(complete, common::SystemClock());
  if (!store.ok()) return ForTheOperator(complete, store.status());
  auto contents = (*store)->Load();
  if (!contents.ok()) return ForTheOperator(complete, contents.status());
  const std::size_t known = contents->records.size();

  auto parts = std::make_unique<ServerParts>(complete, std::move(lock), *std::move(tls), *std::move(policy),
                                             *std::move(store), *std::move(contents));
  parts->access_watch.ReadFrom(std::move(policy_print));
  if (absl::Status opened = parts->OpenAuditFile(); !opened.ok()) return opened;
  parts->AddServices();
  parts->StartResumeKeys(*std::move(resume_keys));
  parts->StartRegistry();
  if (absl::Status listening = parts->Listen(parts->tls->credentials(), *std::move(inherited));
      !listening.ok())
    return listening;
  parts->registry.BeginServing();
  if (absl::Status http = parts->StartHttp(); !http.ok()) return http;
  parts->StartWatchdog();
  parts->incidents.Add(core::IncidentKind::kStarted, {},
                       absl::StrCat("version ", kVersion, ", process ", getpid(), ", on ", parts->address));
  if (complete.canary) {
    parts->canary.Start(
        {rpc::CanaryTarget(parts->address), parts->tls->own_credentials(), parts->canary_secret,
         [&own = parts->acceptor->own()](int fd) { own.BeforeConnect(fd); },
         [&parts = *parts](const auto& why_not) { parts.OnAccepting(why_not); }, &parts->engine});
  }
  spdlog::info("server {} serves on {}; store {}, history {}, {} clients known", complete.server_id,
               parts->address, parts->store->kind(), parts->store->history_id(), known);
  TellAccess(complete);
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

Server::Server(std::unique_ptr<ServerParts> parts)
    : parts_(std::move(parts)),
      running_config_(parts_->config.settings, parts_->config.hooks),
      drain_timeout_(parts_->config.drain_timeout) {
  running_config_.CanChange("log-level", [](const Config& config) { SetLogLevel(config.log_level); });
  running_config_.CanChange("drain-timeout",
                            [this](const Config& config) { drain_timeout_ = config.drain_timeout; });
  running_config_.CanChangeHooks([this](const Config& config) { parts_->hooks.Configure(config.hooks); });
}
Server::~Server() = default;

const std::string& Server::address() const { return parts_->address; }
std::string Server::http_address() const {
  return parts_->http == nullptr ? std::string() : parts_->http->address();
}

void Server::Reload(const ParsedConfig& again) {
  const std::string settings = running_config_.Take(again);
  const std::string tls = parts_->tls_watch.Reload();
  const std::string access = parts_->access_watch.Reload();
  if (parts_->audit_file != nullptr) parts_->audit_file->Reopen();
  const std::string keys = parts_->resume_key_watch->Reload();
  spdlog::info("reload: {}{}{}{}{}{}; {}", tls, StoreTlsWord(parts_->config), access.empty() ? "" : "; ",
               access, keys.empty() ? "" : "; ", keys,
               settings.empty() ? "the configuration is what it was" : settings);
}

void Server::Look() {
  parts_->access_watch.Look();
  parts_->resume_key_watch->Look();
  // Files of TLS are renewed one after the other, and what does not fit is told at the second look.
  if (looks_++ % kLooksPerTlsLook == 0) parts_->tls_watch.Look();
  parts_->drainer.Look();
}

void Server::Drain(const std::function<bool(common::Duration)>& hurry) {
  const common::Clock& clock = common::SystemClock();
  const common::Duration timeout = drain_timeout_;
  const common::MonoTime begun = clock.Mono();
  const common::MonoTime end_calls_at = common::SaturatingAdd(begun, timeout - timeout / kEndShare);

  parts_->registry.BeginShutdown();
  spdlog::info("stopping within {}", common::FormatDuration(timeout));
  parts_->canary.Stop();
  (void)parts_->drainer.BeginForGood(timeout / kWindowShare);
  bool in_hurry = false;
  while (parts_->heartbeat->stream_count() != 0 && clock.Mono() < end_calls_at && !in_hurry) {
    in_hurry = hurry(kHurryPoll);
  }
  parts_->http.reset();
  parts_->engine.EndCalls();
  // Till here a new connection's calls are told that the server drains; from here on there is
  // nobody to tell it: the kernel refuses, and clients go on to the next address.
  parts_->acceptor->Stop();
  const common::Duration left = common::SaturatingAdd(begun, timeout) - clock.Mono();
  parts_->engine.Shutdown(in_hurry ? common::Duration::zero() : std::max(left / 2, common::Duration::zero()));
  parts_->incidents.Stop();
  spdlog::info("stopped");
}

}  // namespace liveness::app
