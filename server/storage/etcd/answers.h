// What etcd's answers say. They may lack what was asked for, or hold what was not: a proxy between, or an
// etcd that is none, must not end this server.
//
// Pure functions, thread-safe.
#pragma once

#include <cstdint>

#include "common/clock.h"
#include "etcd/v3/etcd_service.pb.h"
#include "server/storage/etcd/layout.h"
#include "server/storage/notes/notes.h"

namespace liveness::storage::etcd {

// What the request of that number in a transaction found; nothing, if that is not told. A part of `response`,
// or static.
const etcdserverpb::RangeResponse& RangeOf(const etcdserverpb::TxnResponse& response, int number);

// The notes among the keys that were found.
Notes::Texts NotesOf(const etcdserverpb::RangeResponse& range, const Layout& layout);

// How long a lease stands, of the seconds that etcd says: from none to a day.
common::Duration LifetimeOf(std::int64_t ttl);

}  // namespace liveness::storage::etcd
