// The store that the flags ask for.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "server/app/config/config.h"
#include "server/storage/store.h"

namespace liveness::app {

// FAILED_PRECONDITION, INVALID_ARGUMENT, PERMISSION_DENIED or UNAVAILABLE with a message for the
// operator. `clock` outlives the store. The data directory is locked already.
absl::StatusOr<std::unique_ptr<storage::Store>> OpenStore(const Config& config, const common::Clock& clock);

// Why the store could not be opened or read, with what the operator has to do: etcd says that something is
// denied, and not what.
absl::Status ForTheOperator(const Config& config, const absl::Status& failure);

// INVALID_ARGUMENT as OpenStore()'s for flags and files of --store=etcd, without a word to etcd.
absl::Status CheckEtcdFiles(const Config& config);

// What SIGHUP has to say of the store's TLS files, which are read again without it, as the end of a sentence;
// empty if there are none.
std::string StoreTlsWord(const Config& config);

}  // namespace liveness::app
