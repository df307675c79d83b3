#include "server/app/config/config_check.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "server/app/access_policy.h"
#include "server/app/open_store.h"
#include "server/app/resume_key_watch.h"
#include "server/auth/tls.h"

namespace liveness::app {
namespace {

// What is there of `path` is a directory, and this process may write to it.
absl::Status CheckDirectory(const std::string& path) {
  std::error_code error;
  std::filesystem::path there = std::filesystem::absolute(path, error);
  while (!std::filesystem::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  if (!std::filesystem::is_directory(there, error)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--data-dir=", path, ": ", there.string(), " is not a directory"));
  }
  if (access(there.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--data-dir=", path, ": ", there.string(), ": ", std::strerror(errno)));
}

// This process may append to it, or make it.
absl::Status CheckAppendable(const std::string& path) {
  if (access(path.c_str(), W_OK) == 0) return absl::OkStatus();
  const int error = errno;
  const std::string parent = std::filesystem::path(path).parent_path().string();
  if (error == ENOENT && access(parent.empty() ? "." : parent.c_str(), W_OK | X_OK) == 0)
    return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--audit-file=", path, ": ", std::strerror(errno)));
}

}  // namespace

std::vector<std::string> CheckFiles(const Config& config) {
  std::vector<std::string> all;
  const auto add = [&all](const absl::Status& status) {
    if (!status.ok()) all.emplace_back(status.message());
  };
  if (config.KeepsData()) add(CheckDirectory(config.data_dir));
  add(auth::ServerTls::Load(config.tls, common::SystemClock()).status());
  add(LoadPolicy(config).status());
  if (!config.auth.audit_file.empty()) add(CheckAppendable(config.auth.audit_file));
  add(LoadResumeKeys(config.resume_key_file).status());
  if (config.store == "etcd") add(CheckEtcdFiles(config));
  return all;
}

}  // namespace liveness::app
