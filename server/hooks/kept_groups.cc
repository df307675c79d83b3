#include "server/hooks/kept_groups.h"

#include <string_view>

#include "common/strings.h"
#include "liveness/v1/registry_service.pb.h"
#include "server/rpc/convert/client_proto.h"
#include "server/rpc/convert/convert.h"

namespace liveness::hooks {
namespace {

constexpr std::string_view kPrefix = "groups/";

}  // namespace

void KeptGroups::Begin(std::uint64_t term) {
  term_ = term;
  kept_.clear();
  if (term == 0) return;
  const std::string ours = common::StrCat(kPrefix, history_id_, "/");
  for (const auto& [key, value] : notes_.Read(term, kPrefix)) {
    v1::GroupEvent proto;
    if (!key.starts_with(ours) || !proto.ParseFromString(value)) {
      notes_.Write(term, key, "");
      continue;
    }
    core::GroupEvent group{proto.scope(), proto.affected_count(), proto.member_count(), proto.revision(),
                           rpc::FromProto(proto.time())};
    kept_.emplace(group.revision, Kept{key, std::move(group)});
  }
}

void KeptGroups::Keep(const core::GroupEvent& group) {
  if (term_ == 0) return;
  std::size_t place = 0;
  for (auto at = kept_.lower_bound(group.revision); at != kept_.end() && at->first == group.revision; ++at) {
    if (at->second.group.scope == group.scope) return;  // known from before
    ++place;
  }
  v1::GroupEvent proto;
  rpc::ToProto(group, proto);
  std::string key = common::StrCat(kPrefix, history_id_, "/", group.revision, "/", place);
  notes_.Write(term_, key, proto.SerializeAsString());
  kept_.emplace(group.revision, Kept{std::move(key), group});
  if (kept_.size() > kMost) DropFirst();
}

core::GroupEvents KeptGroups::Find(std::uint64_t revision) const {
  core::GroupEvents groups;
  for (auto at = kept_.lower_bound(revision); at != kept_.end() && at->first == revision; ++at) {
    groups.push_back(at->second.group);
  }
  return groups;
}

void KeptGroups::DropUpTo(std::uint64_t revision) {
  while (!kept_.empty() && kept_.begin()->first <= revision) DropFirst();
}

void KeptGroups::DropFirst() {
  notes_.Write(term_, kept_.begin()->second.key, "");
  kept_.erase(kept_.begin());
}

}  // namespace liveness::hooks
