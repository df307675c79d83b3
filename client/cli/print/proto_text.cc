#include "client/cli/print/proto_text.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace liveness::cli {
namespace {

constexpr std::string_view kNamePrefix = "clients/";

// As EnumText(), but empty for UNSPECIFIED.
std::string Short(const std::string& wire_name, std::string_view prefix, int number) {
  std::string name = EnumText(wire_name, prefix, number);
  return name == "UNSPECIFIED" ? std::string() : name;
}

// A server may send any number: cut to 145 years, so that the distance of two moments fits too.
common::Duration Span(std::int64_t seconds, std::int32_t nanos) {
  constexpr std::int64_t kMost = 4'600'000'000;
  return std::chrono::seconds(std::clamp(seconds, -kMost, kMost)) + std::chrono::nanoseconds(nanos);
}

}  // namespace

std::string EnumText(const std::string& wire_name, std::string_view prefix, int number) {
  if (wire_name.empty()) return absl::StrCat(number);
  return wire_name.starts_with(prefix) ? wire_name.substr(prefix.size()) : wire_name;
}

std::string StateText(v1::State state) { return Short(v1::State_Name(state), "STATE_", state); }
std::string HealthText(v1::Health health) { return Short(v1::Health_Name(health), "HEALTH_", health); }
std::string CauseText(v1::Cause cause) { return Short(v1::Cause_Name(cause), "CAUSE_", cause); }

Style StateStyle(v1::State state) {
  switch (state) {
    case v1::STATE_ALIVE: return Style::kGood;
    case v1::STATE_SUSPECT: return Style::kWarning;
    case v1::STATE_DEAD: return Style::kBad;
    case v1::STATE_LEFT:
    case v1::STATE_FORGOTTEN: return Style::kFaint;
    default: return Style::kPlain;
  }
}

Style HealthStyle(v1::Health health) {
  return health == v1::HEALTH_STALLED ? Style::kWarning : Style::kPlain;
}

common::Duration FromProto(const google::protobuf::Duration& duration) {
  return Span(duration.seconds(), duration.nanos());
}

google::protobuf::Duration ToProto(common::Duration duration) {
  google::protobuf::Duration proto;
  proto.set_seconds(duration / std::chrono::seconds(1));
  proto.set_nanos(static_cast<int>((duration % std::chrono::seconds(1)).count()));
  return proto;
}

google::protobuf::Timestamp ToProto(common::WallTime time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
  google::protobuf::Timestamp proto;
  proto.set_seconds(whole.count());
  proto.set_nanos(static_cast<int>((time.time_since_epoch() - whole).count()));
  return proto;
}

common::WallTime FromProto(const google::protobuf::Timestamp& timestamp) {
  return common::WallTime(Span(timestamp.seconds(), timestamp.nanos()));
}

std::string LabelsText(const google::protobuf::Map<std::string, std::string>& labels) {
  const std::map<std::string, std::string> sorted(labels.begin(), labels.end());
  return absl::StrJoin(sorted, ",", absl::PairFormatter("="));
}

std::string ClientId(std::string_view id_or_name) {
  if (id_or_name.substr(0, kNamePrefix.size()) == kNamePrefix) id_or_name.remove_prefix(kNamePrefix.size());
  return std::string(id_or_name);
}

std::string ClientName(std::string_view id_or_name) {
  return std::string(kNamePrefix) + ClientId(id_or_name);
}

std::string FilterString(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text.push_back('\\');
    text.push_back(c);
  }
  text.push_back('"');
  return text;
}

}  // namespace liveness::cli
