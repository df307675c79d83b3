// A watch as lines, each flushed at once so that a pipe sees it at once.
//
//   2026-01-31T12:00:01.123Z  web-1   ALIVE            here since 2m
//   2026-01-31T12:00:05.871Z  web-1   ALIVE -> SUSPECT  PROCESS_EXITED  the connection ...
//   2026-01-31T12:00:05.874Z  host=db-7     MASS FAILURE         7 of 12 clients fell together
//   # GAP ...
//
// Lines that begin with # tell about the watch itself. In JSON each line is an
// object with one key that says what it is: client (snapshot), snapshot_done,
// transition, group, gap, disconnected, resumed. Not thread-safe.
#pragma once

#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "client/cli/print/watch_sink.h"
#include "client/cli/settings.h"
#include "client/cli/terminal.h"
#include "liveness/v1/registry_service.pb.h"

namespace liveness::cli {

class WatchPrinter : public WatchSink {
 public:
  // `global` and `terminal` are kept.
  WatchPrinter(const GlobalSettings& global, Terminal& terminal);

  void Client(const v1::Client& client) override;
  void SnapshotDone(std::uint64_t clients, std::uint64_t revision, const std::string& history_id) override;
  void Transition(const v1::Transition& transition) override;
  void Group(const v1::GroupEvent& group) override;
  void Gap(std::uint64_t after_revision, std::uint64_t resumes_at_revision, std::string_view why) override;
  void Disconnected(const std::string& why, std::uint64_t revision) override;
  void Resumed(const std::string& server, common::Duration away, std::uint64_t revision) override;

 private:
  // Writes {"key": message} or its YAML; true if the format is one of these.
  bool Structured(std::string_view key, const google::protobuf::Message& message);
  // Writes `json` as it is (YAML is a superset); true if the format is one of these.
  bool StructuredText(const std::string& json);
  // `text` in quotes, for what StructuredText() writes.
  std::string Quoted(const std::string& text) const;
  void Note(const std::string& text);
  void Line(const std::string& time, const std::string& client_id, const std::string& change,
            std::size_t change_width, const std::string& cause, const std::string& sentence);

  const GlobalSettings& global_;
  const OutputFormat output_;
  Terminal& terminal_;
  std::size_t name_width_ = 12;
};

// The line of a gap in JSON, without a newline; pure.
std::string GapJson(std::uint64_t after_revision, std::uint64_t resumes_at_revision);

// "ALIVE -> SUSPECT", "NEW -> ALIVE", "ALIVE OK -> STALLED"; pure.
std::string ChangeText(const v1::Transition& transition, bool color);

}  // namespace liveness::cli
