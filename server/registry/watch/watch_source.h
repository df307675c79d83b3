// What a watch reads of the registry beside its mailbox: the records as they are, and
// what happened before. Apart from the registry so that a watch's way through both can
// be tested without one.
//
// Thread-safe. Each call is bounded by what it looks at, whatever matches: a caller that wants more asks
// again, and other threads have their turn in between.
#pragma once

#include <cstddef>
#include <cstdint>

#include "server/registry/records/types.h"

namespace liveness::registry {

class WatchSource {
 public:
  virtual ~WatchSource() = default;

  // A part of the records, see Registry::Scan.
  virtual ScanResult Scan(const ScanRequest& request) const = 0;
  // About `limit` transitions above `after`, in order, whoever they are of. May read a disk: not for a
  // thread that serves streams.
  virtual HistoryPage HistoryAfter(std::uint64_t after, std::size_t limit) const = 0;
  // The last revision that was committed. Quick.
  virtual std::uint64_t revision() const = 0;
};

}  // namespace liveness::registry
