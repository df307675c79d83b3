#include "client/cli/doctor/proxy.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/print/display_text.h"

namespace liveness::cli::doctor {
namespace {

constexpr std::size_t kLongestAnswer = 16 * 1024;

// True if `list` ("localhost,.example.com") has an end of `host` in it.
bool Names(const char* list, const std::string& host) {
  if (list == nullptr) return false;
  for (const auto part : absl::StrSplit(list, ',')) {
    const std::string end(absl::StripAsciiWhitespace(part));
    if (!end.empty() && host.ends_with(end)) return true;
  }
  return false;
}

}  // namespace

Proxy ProxyFor(const std::string& host, const Environment& environment) {
  Proxy proxy;
  std::string_view value;
  for (const char* name : {"grpc_proxy", "https_proxy", "http_proxy"}) {
    const char* set = environment(name);
    if (set == nullptr || *set == '\0') continue;
    proxy.facts.variable = name;
    value = set;
    break;
  }
  if (proxy.facts.variable.empty()) return proxy;
  if (const std::size_t scheme = value.find("://"); scheme != std::string_view::npos) {
    value.remove_prefix(scheme + 3);
  }
  value = value.substr(0, value.find('/'));
  if (const std::size_t at = value.rfind('@'); at != std::string_view::npos) {
    proxy.credentials = value.substr(0, at);
    value.remove_prefix(at + 1);
  }
  proxy.facts.address = value;
  const char* exempt = environment("no_grpc_proxy");
  proxy.facts.is_exempt = Names(exempt != nullptr ? exempt : environment("no_proxy"), host);
  return proxy;
}

bool OpenTunnel(Connection& connection, Proxy& proxy, const std::string& target, common::Duration limit) {
  std::string request = absl::StrCat("CONNECT ", target, " HTTP/1.1\r\nHost: ", target, "\r\n");
  if (!proxy.credentials.empty()) {
    absl::StrAppend(&request, "Proxy-Authorization: Basic ", absl::Base64Escape(proxy.credentials), "\r\n");
  }
  request += "\r\n";
  proxy.facts.has_refused = true;
  if (!connection.Send(request, limit)) return false;
  const auto received = connection.Receive(
      [](std::string_view bytes) {
        return bytes.find("\r\n\r\n") == std::string_view::npos && bytes.size() < kLongestAnswer;
      },
      limit);
  proxy.facts.answer =
      Printable(received.bytes.substr(0, std::min<std::size_t>(received.bytes.find("\r\n"), 80)));
  const std::size_t space = received.bytes.find(' ');
  const bool is_http = received.bytes.starts_with("HTTP/");
  proxy.facts.has_refused =
      !is_http || space == std::string::npos || received.bytes.compare(space + 1, 1, "2") != 0;
  return !proxy.facts.has_refused;
}

}  // namespace liveness::cli::doctor
