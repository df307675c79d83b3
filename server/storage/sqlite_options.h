// What a SQLite store is told when it is opened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/clock.h"

namespace liveness::storage {

struct SqliteOptions {
  // A file, made if it is missing; its directory must be there. Or kInMemory.
  std::string path;
  // Each commit waits for the disk (synchronous=FULL): power loss costs nothing.
  // Otherwise what was committed is brought to the disk in the background, and
  // power loss costs the last `sync_interval` at most.
  bool fsync_always = false;
  common::Duration sync_interval = std::chrono::milliseconds(50);

  // History beyond either is dropped, the oldest first: some for every few hundred
  // changes, and all of it when there is nothing else to do.
  common::Duration max_history_age = std::chrono::hours(7 * 24);
  std::size_t max_history_rows = 1'000'000;
  // Of one client, once there are too many of all.
  std::size_t max_history_per_client = 1'000;

  // Revisions reserved ahead: half as many can be given out while the disk fails.
  std::uint64_t revision_block = std::uint64_t{1} << 20;
  // The log (-wal) begins anew at a calm moment beyond this, and at any beyond twice as much.
  std::size_t max_log_bytes = std::size_t{64} << 20;
  // Another program that keeps a transaction open keeps the log from beginning anew. Beyond four times
  // `max_log_bytes` that is told; beyond this nothing more is written until it has ended, as if the disk were
  // full.
  std::size_t max_pinned_log_bytes = std::size_t{1} << 30;

  // A line for the operator. Called on any thread, under no lock of the store's, until Stop returns.
  std::function<void(std::string_view line)> log = [](std::string_view) {};
  // SQLite's way to the disk; empty: its own. Tests break it (tests/support/stores/faulty_disk.h).
  std::string vfs;
};

inline constexpr std::string_view kInMemory = ":memory:";

}  // namespace liveness::storage
