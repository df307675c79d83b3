#include "server/rpc/query/watch_packer.h"

#include <utility>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "liveness/v1/registry_service.pb.h"

namespace liveness::rpc {
namespace {

constexpr std::uint8_t kLengthDelimited = 2;
constexpr std::size_t kChunkBytes = 128 * 1024;

constexpr std::uint32_t Tag(int field) { return static_cast<std::uint32_t>(field) << 3 | kLengthDelimited; }

// One entry of a repeated message field, as it stands in its parent.
void AppendEntry(int field, const google::protobuf::MessageLite& message, std::string* out) {
  google::protobuf::io::StringOutputStream stream(out);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.WriteTag(Tag(field));
  coded.WriteVarint32(static_cast<std::uint32_t>(message.ByteSizeLong()));
  message.SerializeWithCachedSizes(&coded);
}

}  // namespace

EncodedBatch EncodeBatch(const registry::Batch& batch) {
  EncodedBatch encoded;
  std::string bytes;
  EncodedChunk chunk;
  v1::Transition transition;
  v1::GroupEvent group;
  auto next = batch.transitions().begin();
  auto next_group = batch.groups().begin();
  const auto close = [&] {
    chunk.bytes = grpc::Slice(bytes);
    encoded.push_back(std::exchange(chunk, EncodedChunk()));
    bytes.clear();
  };
  while (next != batch.transitions().end() || next_group != batch.groups().end()) {
    const bool has_group = next_group != batch.groups().end();
    const bool group_first =
        next == batch.transitions().end() || (has_group && next_group->revision <= (*next)->revision());
    const std::uint64_t revision = group_first ? next_group->revision : (*next)->revision();
    if (bytes.size() >= kChunkBytes && revision != chunk.last_revision) close();
    if (group_first) {
      group.Clear();
      ToProto(*next_group++, group);
      AppendEntry(v1::WatchClientsResponse::kGroupsFieldNumber, group, &bytes);
    } else {
      transition.Clear();
      ToProto(**next++, transition);
      AppendEntry(v1::WatchClientsResponse::kTransitionsFieldNumber, transition, &bytes);
    }
    ++chunk.count;
    chunk.last_revision = revision;
  }
  close();
  return encoded;
}

bool WatchPacker::heavy() const {
  if (!loaded_) return false;
  if (next_client_ < item_.clients.size()) return true;
  std::size_t transitions = 0;
  for (std::size_t i = next_batch_; i < item_.batches.size(); ++i) {
    if (!item_.batches[i]->IsEncodedAs<EncodedBatch>()) transitions += item_.batches[i]->size();
  }
  return transitions > kQuickTransitions;
}

void WatchPacker::Load(registry::WatchItem item, Moment now) {
  loaded_ = !item.empty();
  if (!loaded_) return;
  item_ = std::move(item);
  now_ = now;
  next_client_ = next_batch_ = next_chunk_ = 0;
}

void WatchPacker::PackClients(std::vector<grpc::Slice>* slices, std::size_t* bytes) {
  std::string out;
  v1::Client client;
  while (next_client_ < item_.clients.size() && out.size() < kMessageBytes) {
    client.Clear();
    ToProto(item_.clients[next_client_++], Detail::kFull, now_, client);
    AppendEntry(v1::WatchClientsResponse::kClientsFieldNumber, client, &out);
  }
  if (out.empty()) return;
  *bytes += out.size();
  slices->emplace_back(out);
}

std::uint64_t WatchPacker::PackTransitions(std::vector<grpc::Slice>* slices, std::size_t* bytes) {
  std::uint64_t revision = 0;
  std::size_t count = 0;
  while (next_batch_ < item_.batches.size()) {
    const EncodedBatch& batch = item_.batches[next_batch_]->EncodedAs<EncodedBatch>(EncodeBatch);
    for (; next_chunk_ < batch.size(); ++next_chunk_) {
      const EncodedChunk& chunk = batch[next_chunk_];
      const bool full =
          *bytes + chunk.bytes.size() > kMessageBytes || count + chunk.count > kMessageTransitions;
      if (full && *bytes != 0) return revision;
      slices->push_back(chunk.bytes);
      *bytes += chunk.bytes.size();
      count += chunk.count;
      revision = chunk.last_revision;
    }
    item_.batches[next_batch_++].reset();  // its bytes may go as soon as nobody else needs them
    next_chunk_ = 0;
  }
  return revision;
}

grpc::ByteBuffer WatchPacker::Next() {
  std::vector<grpc::Slice> slices;
  std::size_t bytes = 0;
  v1::WatchClientsResponse own;
  if (item_.gap) {
    own.mutable_gap()->set_after_revision(item_.gap->after_revision);
    own.mutable_gap()->set_resumes_at_revision(item_.gap->resumes_at_revision);
    item_.gap.reset();
  }
  if (first_ || own.has_gap()) own.set_history_id(history_id_);
  first_ = false;

  // A watcher that is amid a snapshot cannot resume from a revision: none is told before its end.
  const bool steady = item_.revision != 0 && !item_.snapshot_done && item_.clients.empty();
  PackClients(&slices, &bytes);
  if (next_client_ == item_.clients.size()) {
    const std::uint64_t revision = PackTransitions(&slices, &bytes);
    if (steady) own.set_revision(revision);
    if (next_batch_ == item_.batches.size()) {
      own.set_snapshot_done(item_.snapshot_done);
      own.set_revision(item_.revision);
      item_ = registry::WatchItem();
      loaded_ = false;
    }
  }
  slices.emplace_back(own.SerializeAsString());
  return grpc::ByteBuffer(slices.data(), slices.size());
}

grpc::ByteBuffer WatchPacker::Bookmark(std::uint64_t revision) {
  v1::WatchClientsResponse bookmark;
  bookmark.set_bookmark(true);
  bookmark.set_revision(revision);
  bookmark.set_history_id(history_id_);
  first_ = false;
  const grpc::Slice slice(bookmark.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace liveness::rpc
