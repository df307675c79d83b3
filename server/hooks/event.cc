#include "server/hooks/event.h"

#include <algorithm>
#include <array>
#include <utility>

#include <google/protobuf/util/time_util.h>
#include <openssl/evp.h>

#include "absl/strings/escaping.h"
#include "common/strings.h"
#include "liveness/v1/client.pb.h"
#include "liveness/v1/registry_service.pb.h"
#include "server/rpc/convert/client_proto.h"
#include "server/rpc/convert/convert.h"
#include "server/rpc/convert/json.h"

namespace liveness::hooks {
namespace {

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// As one segment of a path: a slash in a client's id is no separator.
std::string PercentEncoded(std::string_view text) {
  static constexpr std::string_view kPlain = "-._~=:@";
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (IsAlphanumeric(c) || kPlain.find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return encoded;
}

// 64 bits of a hash, for an id: an id of a client may be long, and is not fit for a header.
std::string ShortHash(std::string_view kind, std::string_view text) {
  const std::string hashed = common::StrCat(kind, "/", text);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  (void)EVP_Digest(hashed.data(), hashed.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), 8});
}

std::string EventId(std::string_view history_id, std::uint64_t revision, std::string_view last) {
  return common::StrCat(history_id, "-", revision, "-", last);
}

// The names of variables are what a shell can read.
std::string VariableName(std::string_view key) {
  std::string name(key);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !IsAlphanumeric(c); }, '_');
  return name;
}

void AddVariable(Event& event, std::string_view name, std::string_view value) {
  event.environment.push_back(common::StrCat("LIVENESS_", name, "=", value.substr(0, value.find('\0'))));
}

// Fills in what all kinds have, and writes the body. `event.time` is set, or stays empty.
EventPtr Finish(Event event, std::string_view history_id, const google::protobuf::Message& data) {
  event.type = std::string(data.GetTypeName());
  event.source = common::StrCat("/liveness/", history_id);
  rpc::JsonObject body;
  body.Add("specversion", "1.0");
  body.Add("id", event.id);
  body.Add("source", event.source);
  body.Add("type", event.type);
  body.Add("subject", event.subject);
  if (!event.time.empty()) body.Add("time", event.time);
  body.Add("datacontenttype", "application/json");
  body.AddRaw("data", rpc::ToJson(data));
  event.body = body.Text();
  AddVariable(event, "EVENT_ID", event.id);
  AddVariable(event, "REVISION", std::to_string(event.revision));
  if (!event.time.empty()) AddVariable(event, "TIME", event.time);
  return std::make_shared<const Event>(std::move(event));
}

}  // namespace

EventPtr TransitionEvent(std::string_view history_id, const core::Transition& transition) {
  const core::ClientRecord& record = *transition.after;
  v1::Transition proto;
  rpc::ToProto(transition, proto);
  Event event;
  event.kind = EventKind::kTransition;
  event.revision = transition.revision();
  event.id = EventId(history_id, event.revision, ShortHash("client", record.client_id()));
  event.subject = common::StrCat("clients/", PercentEncoded(record.client_id()), "/", Name(record.state));
  if (record.cause != core::Cause::kUnspecified) event.subject += common::StrCat("/", Name(record.cause));
  event.time = google::protobuf::util::TimeUtil::ToString(proto.time());
  AddVariable(event, "EVENT", "transition");
  AddVariable(event, "CLIENT_ID", record.client_id());
  AddVariable(event, "FROM_STATE", transition.before ? Name(transition.before->state) : "");
  AddVariable(event, "STATE", Name(record.state));
  AddVariable(event, "FROM_HEALTH", transition.before ? Name(transition.before->health) : "");
  AddVariable(event, "HEALTH", Name(record.health));
  AddVariable(event, "CAUSE", record.cause == core::Cause::kUnspecified ? "" : Name(record.cause));
  AddVariable(event, "INCARNATION", std::to_string(record.incarnation));
  for (std::size_t i = 0; i < record.info.label_count(); ++i) {
    const auto [key, value] = record.info.label(i);
    AddVariable(event, common::StrCat("LABEL_", VariableName(key)), value);
  }
  return Finish(std::move(event), history_id, proto);
}

EventPtr GroupEvent(std::string_view history_id, const core::GroupEvent& group) {
  v1::GroupEvent proto;
  rpc::ToProto(group, proto);
  Event event;
  event.kind = EventKind::kGroup;
  event.revision = group.revision;
  event.id = EventId(history_id, group.revision, ShortHash("group", group.scope));
  event.subject = common::StrCat("groups/", PercentEncoded(group.scope));
  event.time = google::protobuf::util::TimeUtil::ToString(proto.time());
  AddVariable(event, "EVENT", "group");
  AddVariable(event, "SCOPE", group.scope);
  AddVariable(event, "AFFECTED_COUNT", std::to_string(group.affected));
  AddVariable(event, "MEMBER_COUNT", std::to_string(group.members));
  return Finish(std::move(event), history_id, proto);
}

EventPtr GapEvent(std::string_view history_id, std::uint64_t after_revision,
                  std::uint64_t resumes_at_revision) {
  v1::Gap proto;
  proto.set_after_revision(after_revision);
  proto.set_resumes_at_revision(resumes_at_revision);
  Event event;
  event.kind = EventKind::kGap;
  event.revision = resumes_at_revision;
  event.id = EventId(history_id, resumes_at_revision, "gap");
  event.subject = "history";
  AddVariable(event, "EVENT", "gap");
  AddVariable(event, "AFTER_REVISION", std::to_string(after_revision));
  AddVariable(event, "RESUMES_AT_REVISION", std::to_string(resumes_at_revision));
  return Finish(std::move(event), history_id, proto);
}

}  // namespace liveness::hooks
