#include "server/storage/etcd/checks/rights_check.h"

#include <chrono>

#include "common/strings.h"
#include "server/storage/etcd/checks/rights.h"

namespace liveness::storage::etcd {
namespace {

constexpr std::chrono::seconds kQuick(2);  // for a small request
// etcd writes an entry to its log for each role that is asked for: a start does not wait for a thousand.
constexpr int kMaxRoles = 16;

}  // namespace

absl::StatusOr<std::vector<std::string>> RightsCheck::FindSurplus() {
  etcdserverpb::AuthUserGetRequest who;
  who.set_name(options_.user);
  etcdserverpb::AuthUserGetResponse user;
  auto status = try_(kQuick, [&](const Member& member, grpc::ClientContext& context) {
    return member.auth->UserGet(&context, who, &user);
  });
  if (!status.ok()) return status;

  std::vector<std::string> surplus;
  for (int n = 0; n < user.roles_size() && n < kMaxRoles; ++n) {
    etcdserverpb::AuthRoleGetRequest which;
    which.set_role(user.roles(n));
    etcdserverpb::AuthRoleGetResponse role;
    status = try_(kQuick, [&](const Member& member, grpc::ClientContext& context) {
      return member.auth->RoleGet(&context, which, &role);
    });
    if (!status.ok()) return status;
    for (std::string& phrase : SurplusOf(which.role(), role.perm(), layout_)) {
      surplus.push_back(std::move(phrase));
    }
  }
  if (user.roles_size() > kMaxRoles) {
    surplus.push_back(common::StrCat(user.roles_size() - kMaxRoles, " roles that were not looked at"));
  }
  return surplus;
}

void RightsCheck::Run() {
  if (options_.user.empty()) return;
  const auto surplus = FindSurplus();
  if (absl::IsPermissionDenied(surplus.status())) return;
  if (!surplus.ok()) {
    options_.log(common::StrCat("whether --etcd-user=", options_.user,
                                " may do more in etcd than this server needs is not known: ",
                                common::ToStd(surplus.status().message())));
  } else if (!surplus->empty()) {
    options_.log(SurplusWarning(options_.user, *surplus, layout_));
  }
}

}  // namespace liveness::storage::etcd
