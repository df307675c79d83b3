// What a watch has told, and what it tells next. It turns the messages of one stream
// after another, of one server or several, into one story.
//
// A stream that breaks is resumed after the revision up to which all was told,
// at any server of the same history. Nothing is told twice. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "client/cli/print/watch_sink.h"
#include "common/clock.h"
#include "liveness/v1/registry_service.pb.h"

namespace liveness::cli {

class WatchFollower {
 public:
  // `sink` is told, and is kept.
  WatchFollower(std::string filter, WatchSink& sink) : filter_(std::move(filter)), sink_(sink) {}

  // Begins after `revision`, without a snapshot. An empty `history_id` is that of the server.
  void StartAt(std::uint64_t revision, const std::string& history_id);
  // Tells nothing of the next snapshot.
  void MuteSnapshot() { muted_ = true; }

  // What to ask the next server for.
  v1::WatchClientsRequest Request() const;
  // To be called when a stream begins.
  void BeginStream();
  void Take(const v1::WatchClientsResponse& response);

  // To be called when a server does not know the revision that we ask from. It is to know
  // it soon, because another server of its cluster has told us of it. True if no server has
  // known it for so long that it is time to Forget().
  bool IsBehindForGood(common::MonoTime now);
  // Declares void what was told: the next stream starts from a snapshot.
  void Forget(std::string_view why);

  // The revision up to which all was told; 0 if a snapshot is needed.
  std::uint64_t revision() const { return revision_; }

 private:
  void BeginSnapshot();
  bool IsNews(const v1::Transition& transition);

  const std::string filter_;
  WatchSink& sink_;
  std::uint64_t revision_ = 0;
  std::string history_id_;
  bool in_snapshot_ = true;
  bool muted_ = false;
  std::unordered_map<std::string, std::uint64_t> snapshot_;  // id -> revision told, while in_snapshot_
  std::optional<common::MonoTime> behind_since_;
};

}  // namespace liveness::cli
