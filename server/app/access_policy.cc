#include "server/app/access_policy.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/files/file.h"
#include "common/strings.h"
#include "server/net/endpoint.h"
#include "server/net/listen_address.h"

namespace liveness::app {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;

absl::Status Wrong(std::string_view flag, const std::string& path, std::string_view what) {
  return absl::InvalidArgumentError(common::StrCat(flag, "=", path, ": ", what));
}

// The file's text, made into a T by `parse`; as it is by default if there is no file.
template <typename T, typename Parse>
absl::Status Load(std::string_view flag, const std::string& path, Parse parse, T& made) {
  if (path.empty()) return absl::OkStatus();
  const absl::StatusOr<std::string> text = common::ReadFile(path, kMaxBytes);
  if (!text.ok()) return Wrong(flag, path, common::ToStd(text.status().message()));
  absl::StatusOr<T> parsed = parse(*text);
  if (!parsed.ok()) return Wrong(flag, path, common::ToStd(parsed.status().message()));
  made = *std::move(parsed);
  return absl::OkStatus();
}

// Only this host reaches it.
bool IsLocal(const net::ListenAddress& address) {
  if (address.is_unix() || address.host == "localhost") return true;
  const bool is_v6 = address.host.find(':') != std::string::npos;
  const auto endpoint = net::FromText(is_v6 ? common::StrCat("[", address.host, "]:1") : address.host + ":1");
  return endpoint && net::IsLoopback(*endpoint);
}

bool IsLocal(const Config& config) {
  const auto& all = config.listen.addresses;
  const bool http = config.http.address && !IsLocal(*config.http.address);
  return !http && !config.inherits_wide &&
         std::all_of(all.begin(), all.end(), [](const auto& each) { return IsLocal(each); });
}

// There is a way to prove who one is, and nobody on the way can take it.
bool HasProof(const Config& config) {
  return config.tls.enabled() && (!config.tls.ca.empty() || !config.auth.token_file.empty());
}

// Somebody has been told apart from others on purpose.
bool AsksWho(const Config& config) {
  return !config.tls.ca.empty() || !config.auth.token_file.empty() || !config.auth.rules_file.empty();
}

auth::Actions AnonymousOf(const Config& config) {
  if (config.auth.anonymous) return *config.auth.anonymous;
  if (!IsLocal(config)) return {};
  // An operator's rules say what anonymous callers may do; without rules, who asks who one is lets nobody
  // else in.
  return AsksWho(config) && config.auth.rules_file.empty() ? auth::Actions() : auth::Actions::All();
}

std::vector<std::string> WordsOf(auth::Actions actions) {
  std::vector<std::string> words;
  for (const auth::Action each : auth::kActions) {
    if (actions.Has(each)) words.emplace_back(auth::Name(each));
  }
  return words;
}

}  // namespace

absl::StatusOr<auth::AccessPolicy> LoadPolicy(const Config& config) {
  auth::AccessPolicy policy;
  policy.certificates = {config.auth.trust_domains, config.auth.allow_common_names};
  policy.anonymous = AnonymousOf(config);
  policy.names_unix_peers = !IsLocal(config) || AsksWho(config);
  policy.has_rules = !config.auth.rules_file.empty();
  policy.rules = *auth::Rules::Parse(auth::Rules::DefaultText(), "the default rules");
  const std::string& rules = config.auth.rules_file;
  if (absl::Status read = Load(
          "--rules", rules, [&](const auto& text) { return auth::Rules::Parse(text, rules); }, policy.rules);
      !read.ok()) {
    return read;
  }
  const std::string& tokens = config.auth.token_file;
  if (absl::Status read = Load(
          "--token-file", tokens, [&](const auto& text) { return auth::Tokens::Parse(text, tokens); },
          policy.tokens);
      !read.ok()) {
    return read;
  }
  if (config.auth.crl_file.empty()) return policy;
  if (config.tls.ca.empty())
    return Wrong("--tls-crl", config.auth.crl_file, "needs --tls-ca, whose lists it holds");
  const absl::StatusOr<std::string> authorities = common::ReadFile(config.tls.ca, kMaxBytes);
  if (!authorities.ok())
    return Wrong("--tls-ca", config.tls.ca, common::ToStd(authorities.status().message()));
  const auto parse = [&](const auto& text) { return auth::RevocationList::Parse(text, *authorities); };
  if (absl::Status read = Load("--tls-crl", config.auth.crl_file, parse, policy.revoked); !read.ok())
    return read;
  return policy;
}

std::string PolicyPrint(const Config& config) {
  return common::FilePrint(config.auth.rules_file) + common::FilePrint(config.auth.token_file) +
         common::FilePrint(config.auth.crl_file) +
         (config.auth.crl_file.empty() ? std::string() : common::FilePrint(config.tls.ca));
}

absl::Status CheckClosed(const Config& config) {
  if (IsLocal(config) || HasProof(config) || config.auth.anonymous) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "--insecure-anonymous: others than this host reach this server, and nothing asks them who they are. "
      "Give it client certificates (--tls-cert, --tls-key, --tls-ca) or, over TLS, tokens (--token-file); or "
      "say what anybody may do, as in --insecure-anonymous=beat,view");
}

std::vector<std::string> AnonymousMay(const Config& config) {
  return WordsOf(config.auth.anonymous.value_or(auth::Actions()));
}

std::string DescribeAccess(const Config& config) {
  if (IsLocal(config) && !AsksWho(config)) return {};
  std::string how;
  const auto add = [&how](std::string_view what) { how += common::StrCat(how.empty() ? "" : " and ", what); };
  if (config.tls.enabled() && !config.tls.ca.empty()) add("client certificates");
  if (!config.auth.token_file.empty()) add(config.tls.enabled() ? "tokens" : "tokens in the clear");
  const std::string asked = how.empty() ? "nobody is asked who it is" : how + " say who one is";
  if (!config.auth.anonymous && !config.auth.rules_file.empty())
    return asked + "; the rules say who may what";
  std::string may;
  for (const std::string& word : WordsOf(AnonymousOf(config))) may += (may.empty() ? "" : ", ") + word;
  return common::StrCat(asked, may.empty() ? "; nobody is let in without" : "; anybody may: " + may);
}

}  // namespace liveness::app
