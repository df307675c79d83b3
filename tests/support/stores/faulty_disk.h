// A disk that fails when a test says so: SQLite's own way to the files with a
// shim before it (a "VFS"). What changes a file counts as a call: a write, a
// truncation, a sync, in the order in which all connections make them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace liveness::testing {

// Thread-safe. Outlives whatever was opened through it.
class FaultyDisk {
 public:
  FaultyDisk();
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  // For storage::SqliteOptions::vfs.
  const std::string& vfs() const;

  // The n-th call from now (1: the next) fails with `code`, e.g. SQLITE_FULL, and
  // so do all after it until Heal.
  void FailFrom(std::uint64_t n, int code);
  // The same, but the n-th call, if it is a write, first writes half of its bytes.
  void TearAt(std::uint64_t n);
  // Only syncs fail, with SQLITE_IOERR_FSYNC.
  void FailSyncs();
  // Calls wait until Heal.
  void Hang();
  void Heal();

  // Made so far.
  std::uint64_t calls() const;
  // Waits until at least one call hangs.
  void AwaitHanging();

  struct Control;

 private:
  const std::unique_ptr<Control> control_;
};

}  // namespace liveness::testing
