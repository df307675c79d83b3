#include "server/http/watch/sse.h"

#include <charconv>
#include <memory>
#include <utility>

#include "common/status.h"
#include "common/strings.h"
#include "server/http/json.h"

namespace liveness::http {
namespace {

using core::TransitionPtr;

constexpr std::size_t kChunkBytes = 64 * 1024;

// The events of a batch, with ids.
using SseBatch = std::vector<SharedText>;

void AppendEvent(std::string_view event, std::string_view id, std::string_view json, std::string& text) {
  text.append("event: ").append(event);
  if (!id.empty()) text.append("\nid: ").append(id);
  text.append("\ndata: ").append(json).append("\n\n");
}

std::string EventId(const std::string& history_id, std::uint64_t revision) {
  return common::StrCat(history_id, ":", revision);
}

std::string PlaceJson(const std::string& history_id, std::uint64_t revision) {
  JsonObject place;
  place.Add("revision", std::to_string(revision));
  place.Add("history_id", history_id);
  return place.Text();
}

// `history_id`: empty for events without ids.
SseBatch EncodeEvents(const registry::Batch& batch, const std::string& history_id) {
  SseBatch chunks;
  std::string text;
  auto next = batch.transitions().begin();
  auto next_group = batch.groups().begin();
  const auto end = batch.transitions().end();
  const auto group_end = batch.groups().end();
  const auto revision_of_next = [&] {
    if (next == end) return next_group->revision;
    if (next_group == group_end) return (*next)->revision();
    return std::min(next_group->revision, (*next)->revision());
  };
  v1::Transition transition;
  v1::GroupEvent group;
  while (next != end || next_group != group_end) {
    const std::uint64_t revision = revision_of_next();
    std::string json;
    // A group event comes before what else has its revision.
    const bool is_group = next_group != group_end && next_group->revision == revision;
    if (is_group) {
      group.Clear();
      rpc::ToProto(*next_group++, group);
      json = ToJson(group);
    } else {
      transition.Clear();
      rpc::ToProto(**next++, transition);
      json = ToJson(transition);
    }
    const bool last_of_revision = (next == end && next_group == group_end) || revision_of_next() != revision;
    const std::string id = last_of_revision && !history_id.empty() ? EventId(history_id, revision) : "";
    AppendEvent(is_group ? "group" : "transition", id, json, text);
    if (text.size() >= kChunkBytes)
      chunks.push_back(std::make_shared<const std::string>(std::exchange(text, {})));
  }
  if (!text.empty()) chunks.push_back(std::make_shared<const std::string>(std::move(text)));
  return chunks;
}

}  // namespace

absl::Status ParseEventId(std::string_view id, v1::WatchClientsRequest& request) {
  const std::size_t colon = id.rfind(':');
  std::uint64_t revision = 0;
  const std::string_view digits = colon == std::string_view::npos ? std::string_view() : id.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), revision);
  if (colon == 0 || digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
    return common::Error(absl::StatusCode::kInvalidArgument, "BAD_EVENT_ID",
                         "Last-Event-ID must be HISTORY_ID:REVISION, as an event had it");
  }
  request.set_history_id(std::string(id.substr(0, colon)));
  request.set_start_revision(revision);
  return absl::OkStatus();
}

bool SsePacker::heavy() const {
  if (!loaded_) return false;
  if (next_client_ < item_.clients.size()) return true;
  std::size_t transitions = 0;
  for (std::size_t i = next_batch_; i < item_.batches.size(); ++i) {
    if (!item_.batches[i]->IsEncodedAs<SseBatch>()) transitions += item_.batches[i]->size();
  }
  return transitions > kQuickTransitions;
}

void SsePacker::Load(registry::WatchItem item, rpc::Moment now) {
  loaded_ = item.has_content();
  if (!loaded_) return;
  item_ = std::move(item);
  now_ = now;
  next_client_ = next_batch_ = next_chunk_ = 0;
}

void SsePacker::AddClients(std::vector<SharedText>& parts, std::size_t& bytes) {
  std::string text;
  v1::Client client;
  while (next_client_ < item_.clients.size() && bytes + text.size() < kWriteBytes) {
    client.Clear();
    rpc::ToProto(item_.clients[next_client_++], rpc::Detail::kFull, now_, client);
    AppendEvent("client", "", ToJson(client), text);
  }
  if (text.empty()) return;
  bytes += text.size();
  parts.push_back(std::make_shared<const std::string>(std::move(text)));
}

void SsePacker::AddBatches(std::vector<SharedText>& parts, std::size_t& bytes) {
  // Who is amid a snapshot cannot resume from a transition.
  const bool steady = item_.revision != 0 && !item_.snapshot_done && item_.clients.empty();
  for (; next_batch_ < item_.batches.size(); next_chunk_ = 0) {
    const registry::Batch& batch = *item_.batches[next_batch_];
    SseBatch own;
    if (!steady) own = EncodeEvents(batch, "");
    const SseBatch& chunks =
        steady ? batch.EncodedAs<SseBatch>([this](const auto& b) { return EncodeEvents(b, history_id_); })
               : own;
    for (; next_chunk_ < chunks.size(); ++next_chunk_) {
      if (bytes >= kWriteBytes) return;
      parts.push_back(chunks[next_chunk_]);
      bytes += chunks[next_chunk_]->size();
    }
    item_.batches[next_batch_++].reset();  // its bytes may go as soon as nobody else needs them
  }
}

std::vector<SharedText> SsePacker::Next() {
  std::vector<SharedText> parts;
  std::size_t bytes = 0;
  std::string own;
  if (item_.gap) {
    JsonObject gap;
    gap.Add("after_revision", std::to_string(item_.gap->after_revision));
    gap.Add("resumes_at_revision", std::to_string(item_.gap->resumes_at_revision));
    gap.Add("history_id", history_id_);
    AppendEvent("gap", "", gap.Text(), own);
    parts.push_back(std::make_shared<const std::string>(std::exchange(own, {})));
    item_.gap.reset();
  }
  AddClients(parts, bytes);
  if (next_client_ == item_.clients.size()) AddBatches(parts, bytes);
  if (next_client_ < item_.clients.size() || next_batch_ < item_.batches.size()) return parts;
  if (item_.snapshot_done) {
    AppendEvent("snapshot_done", EventId(history_id_, item_.revision), PlaceJson(history_id_, item_.revision),
                own);
    parts.push_back(std::make_shared<const std::string>(std::move(own)));
  }
  item_ = registry::WatchItem();
  loaded_ = false;
  return parts;
}

SharedText SsePacker::Bookmark(std::uint64_t revision) const {
  std::string text;
  AppendEvent("bookmark", EventId(history_id_, revision), PlaceJson(history_id_, revision), text);
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace liveness::http
