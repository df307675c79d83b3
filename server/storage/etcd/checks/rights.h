// What a user of etcd may do beyond the keys of one prefix, in an operator's words.
//
// The server needs to read and write its own keys, and nothing else. What its user may do beyond them is open
// to whoever comes by that user's password: other services' keys, or with the role `root` etcd's users.
//
// Pure functions, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/repeated_field.h>

#include "etcd/v3/etcd_service.pb.h"
#include "server/storage/etcd/layout.h"

namespace liveness::storage::etcd {

// etcd's name of the role that may do everything, users and roles included, whatever permissions it lists.
inline constexpr std::string_view kRootRole = "root";

// Each permission of `role` that reaches a key outside `layout`'s, as a phrase: `read on all keys that begin
// with "/other/" (role audit)`. Empty: it reaches none.
std::vector<std::string> SurplusOf(
    std::string_view role, const google::protobuf::RepeatedPtrField<etcdserverpb::Permission>& permissions,
    const Layout& layout);

// One line that names the user, the first few of `surplus` and the role to grant in their place.
// REQUIRES: `surplus` is not empty.
std::string SurplusWarning(std::string_view user, const std::vector<std::string>& surplus,
                           const Layout& layout);

}  // namespace liveness::storage::etcd
