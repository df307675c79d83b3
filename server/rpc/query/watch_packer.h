// Turns what a watch pulls from the registry into the messages of WatchClients.
//
// An item may be large (a part of a snapshot, a full mailbox); it is packed one
// message at a time, when the message before has left, so that a slow watcher
// holds at most one message. Messages stay far below gRPC's usual limit of
// 4 MiB. Transitions are serialised once per batch, whoever asks first, and all
// messages share these bytes: a protobuf message may be written as a
// concatenation of parts, so a message is shared slices and a small last one
// with what is this watcher's own.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/slice.h"
#include "server/registry/watch/watch.h"
#include "server/rpc/convert/client_proto.h"

namespace liveness::rpc {

// Consecutive `transitions` and `groups` entries of a WatchClientsResponse. What
// shares a revision is in one chunk.
struct EncodedChunk {
  grpc::Slice bytes;
  std::size_t count = 0;
  std::uint64_t last_revision = 0;
};
using EncodedBatch = std::vector<EncodedChunk>;

EncodedBatch EncodeBatch(const registry::Batch& batch);

class WatchPacker {
 public:
  // A message is closed once it holds this much; it never holds twice as much,
  // unless one revision does.
  static constexpr std::size_t kMessageBytes = 1024 * 1024;
  static constexpr std::size_t kMessageTransitions = 256;
  // So many are serialised in well under a millisecond, however large.
  static constexpr std::size_t kQuickTransitions = 16;

  explicit WatchPacker(std::string history_id) : history_id_(std::move(history_id)) {}

  bool empty() const { return !loaded_; }
  // True if what waits takes a while to serialise: a part of a snapshot, or more transitions than
  // kQuickTransitions that nobody has serialised yet.
  bool heavy() const;

  // REQUIRES: empty(). An empty item leaves it empty.
  void Load(registry::WatchItem item, Moment now);
  // REQUIRES: !empty().
  grpc::ByteBuffer Next();
  // "Nothing new up to `revision`."
  grpc::ByteBuffer Bookmark(std::uint64_t revision);

 private:
  void PackClients(std::vector<grpc::Slice>* slices, std::size_t* bytes);
  // Returns the last revision that was packed, 0 if none was.
  std::uint64_t PackTransitions(std::vector<grpc::Slice>* slices, std::size_t* bytes);

  const std::string history_id_;
  bool first_ = true;  // nothing was packed yet
  bool loaded_ = false;
  registry::WatchItem item_;
  Moment now_;
  std::size_t next_client_ = 0;
  std::size_t next_batch_ = 0;
  std::size_t next_chunk_ = 0;  // in that batch
};

}  // namespace liveness::rpc
