// Records and transitions as bytes, for stores that keep them outside of this process.
//
// Nothing is lost on the way, but for the evidence of a transition's `before`: it
// explained what is over. Bytes of a newer server are read as far as this one
// knows them: unknown fields and causes are left out, an unknown state is an error.
// The form is proto/liveness/storage/v1/record.proto (docs/adr/0012).
//
// Free functions are thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "server/core/record/record.h"

namespace liveness::storage {

// One string for all records that name the same server: a million records share
// few. Not thread-safe. Never forgets: one for each reading, or one for each store.
class ServerIdPool {
 public:
  std::shared_ptr<const std::string> Share(std::string_view server_id);

 private:
  std::shared_ptr<const std::string> last_;  // most often asked for again
  absl::flat_hash_map<std::string, std::shared_ptr<const std::string>> known_;
};

// REQUIRES: `record` has its info.
std::string EncodeRecord(const core::ClientRecord& record);
// The record is the caller's to change until it shares it, e.g. to stamp it with
// a revision that the bytes could not know. DATA_LOSS if the bytes are no record.
absl::StatusOr<std::shared_ptr<core::ClientRecord>> DecodeRecord(std::string_view bytes, ServerIdPool& ids);

// REQUIRES: `transition` has its `after`; both records have their info.
std::string EncodeTransition(const core::Transition& transition);
// `before` shares its info with `after` if both are of one session.
absl::StatusOr<std::shared_ptr<core::Transition>> DecodeTransition(std::string_view bytes, ServerIdPool& ids);

}  // namespace liveness::storage
