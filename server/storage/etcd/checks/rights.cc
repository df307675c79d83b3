#include "server/storage/etcd/checks/rights.h"

#include <algorithm>
#include <cstddef>

#include "common/strings.h"

namespace liveness::storage::etcd {
namespace {

using common::StrCat;
using etcdserverpb::Permission;

// Who has many rights too many learns nothing from a longer line.
constexpr std::size_t kMaxNamed = 3;

bool IsUnbounded(const Permission& permission) { return permission.range_end() == std::string_view("\0", 1); }

bool IsWithin(const Permission& permission, const Layout& layout) {
  if (permission.key() < layout.begin()) return false;
  if (permission.range_end().empty()) return permission.key() < layout.end();
  return !IsUnbounded(permission) && permission.range_end() <= layout.end();
}

std::string Quoted(std::string_view key) { return StrCat("\"", common::Escape(key), "\""); }

std::string_view NameOf(Permission::Type type) {
  switch (type) {
    case Permission::READ: return "read";
    case Permission::WRITE: return "write";
    default: return "readwrite";
  }
}

// As `etcdctl role grant-permission` has them: one key, a prefix, all from a key on, or a range.
std::string KeysOf(const Permission& permission) {
  const std::string& key = permission.key();
  if (IsUnbounded(permission)) {
    // No key is empty, so that the zero byte is the first of all.
    const bool from_the_first = key.empty() || key == std::string_view("\0", 1);
    return from_the_first ? "all keys" : StrCat("all keys from ", Quoted(key), " on");
  }
  if (permission.range_end().empty()) return StrCat("the key ", Quoted(key));
  if (permission.range_end() == Layout::PastAll(key)) return StrCat("all keys that begin with ", Quoted(key));
  return StrCat("the keys from ", Quoted(key), " to before ", Quoted(permission.range_end()));
}

}  // namespace

std::vector<std::string> SurplusOf(std::string_view role,
                                   const google::protobuf::RepeatedPtrField<Permission>& permissions,
                                   const Layout& layout) {
  if (role == kRootRole) return {"everything (role root)"};
  std::vector<std::string> surplus;
  for (const Permission& permission : permissions) {
    if (IsWithin(permission, layout)) continue;
    surplus.push_back(StrCat(NameOf(permission.permtype()), " on ", KeysOf(permission), " (role ",
                             common::Escape(role), ")"));
  }
  return surplus;
}

std::string SurplusWarning(std::string_view user, const std::vector<std::string>& surplus,
                           const Layout& layout) {
  std::string named;
  const std::size_t count = std::min(surplus.size(), kMaxNamed);
  for (std::size_t n = 0; n < count; ++n) named += StrCat(n == 0 ? "" : ", ", surplus[n]);
  if (surplus.size() > count) named += StrCat(", and ", surplus.size() - count, " more");
  return StrCat("--etcd-user=", user, " may do more in etcd than this server needs: ", named,
                "; whoever comes by its password may do that too. Give it one role, with readwrite on all ",
                "keys that begin with ", layout.begin(), " and nothing else: etcdctl role grant-permission ",
                "ROLE readwrite --prefix=true ", layout.begin());
}

}  // namespace liveness::storage::etcd
