// What can be asked of the registry: records as they are shown, and the past.
//
// What bears `const` reads the ledger: guarded by the registry's lock. The static functions need no lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/clock.h"
#include "server/core/detection/path_quality.h"
#include "server/core/record/record.h"
#include "server/registry/ledger/ledger.h"
#include "server/registry/life/deadlines.h"
#include "server/registry/records/types.h"
#include "server/storage/store.h"

namespace liveness::registry {

class Queries {
 public:
  // All arguments outlive the object.
  Queries(const common::Clock& clock, const Ledger& ledger, const Deadlines& deadlines)
      : clock_(clock), ledger_(ledger), deadlines_(deadlines) {}

  std::optional<core::ClientView> Get(std::string_view client_id) const;
  std::optional<core::PathQuality> PathOf(std::string_view client_id, std::string_view principal) const;

  // How many records one call of Scan looks at: fewer with a dear filter.
  static std::size_t LooksOf(const ScanRequest& request);
  // Up to `most` records of a scan, whether they match or not, appended to `seen`.
  void LookAt(const ScanRequest& request, std::size_t most, ScanResult& seen) const;
  // Those of `seen` that match.
  static ScanResult Matching(const ScanRequest& request, ScanResult seen);

  // A part of what memory holds.
  HistoryPage PageOf(const storage::HistoryQuery& query) const;
  // What to ask the store for beside `page`, which memory gave, and which has all above `complete`; nothing:
  // the page is enough.
  static std::optional<storage::HistoryQuery> Older(const storage::HistoryQuery& query,
                                                    std::uint64_t complete, const HistoryPage& page);
  // `page`, which memory gave, with `part`, which the store holds up to `complete`, above which memory has
  // all. `asked`: how many the store was asked for.
  static HistoryPage Join(const storage::HistoryQuery& query, std::uint64_t complete, std::size_t asked,
                          HistoryPage page, storage::HistoryPart part);

 private:
  const common::Clock& clock_;
  const Ledger& ledger_;
  const Deadlines& deadlines_;
};

}  // namespace liveness::registry
