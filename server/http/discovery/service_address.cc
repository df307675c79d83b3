#include "server/http/discovery/service_address.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "common/strings.h"

namespace liveness::http {
namespace {

std::optional<std::uint16_t> ParsePort(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), port);
  if (error != std::errc() || end != text->data() + text->size() || port == 0) return std::nullopt;
  return port;
}

// A name, or an address of either kind: nothing that could be more than the host of a URL.
std::optional<std::string> ParseHost(std::string_view text) {
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  if (bracketed) text = text.substr(1, text.size() - 2);
  const auto colons = std::count(text.begin(), text.end(), ':');
  // One colon is a port's: a host has none, or many.
  if (text.empty() || colons == 1 || (bracketed && colons == 0)) return std::nullopt;
  const auto is_host = [colons](char c) {
    if (colons > 1) return absl::ascii_isxdigit(static_cast<unsigned char>(c)) || c == ':' || c == '.';
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_';
  };
  if (!std::all_of(text.begin(), text.end(), is_host)) return std::nullopt;
  return std::string(text);
}

std::optional<ServiceAddress> AddressOf(const core::ClientRecord& record, std::optional<std::uint16_t> port) {
  if (!port) return std::nullopt;
  const core::PackedInfo& info = record.info;
  std::string_view said = info.host();
  for (const char* label : {"host", "addr"}) said = info.FindLabel(label).value_or(said);
  std::optional<std::string> host = ParseHost(said);
  if (!host) return std::nullopt;
  return ServiceAddress{*std::move(host), *port};
}

}  // namespace

std::string ServiceAddress::HostPort() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? common::StrCat("[", host, "]:", port) : common::StrCat(host, ":", port);
}

std::optional<ServiceAddress> MetricsAddress(const core::ClientRecord& record) {
  return AddressOf(record, ParsePort(record.info.FindLabel("metrics_port")));
}

std::optional<ServiceAddress> ServingAddress(const core::ClientRecord& record) {
  const auto port = record.info.FindLabel("port");
  return AddressOf(record, ParsePort(port ? port : record.info.FindLabel("metrics_port")));
}

std::string LabelName(std::string_view text) {
  std::string name(text);
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

}  // namespace liveness::http
