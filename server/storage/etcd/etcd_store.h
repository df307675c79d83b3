// A registry in etcd, shared by the servers of a cluster. Where it lies there
// is in layout.h, who decides what is committed in driver.h.
//
// Records and history are read from memory; only changes go to etcd. A live
// client that changes nothing costs etcd nothing.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/storage/etcd/driver.h"
#include "server/storage/etcd/etcd_notes.h"
#include "server/storage/etcd/options.h"
#include "server/storage/store.h"

namespace liveness::storage::etcd {

class EtcdStore final : public Store {
 public:
  // Connects, and reads what names the history, which the first server of a cluster makes. INVALID_ARGUMENT
  // for options that cannot be used, UNAVAILABLE if no member answers in time. `clock` outlives the store.
  static absl::StatusOr<std::unique_ptr<EtcdStore>> Open(EtcdOptions options, const common::Clock& clock);
  ~EtcdStore() override;

  std::string_view kind() const override { return "etcd"; }
  const std::string& history_id() const override { return opened_.history.id; }
  const TokenKey& token_key() const override { return opened_.token_key; }
  bool shared() const override { return true; }
  absl::StatusOr<Contents> Load() override;
  // REQUIRES: Load() succeeded.
  void Start(StoreListener& listener) override;
  void Stop() override;
  core::RecordPtr Propose(Proposal proposal) override;
  void OnLostRevision(std::uint64_t revision) override;
  absl::StatusOr<HistoryPart> ReadHistory(const HistoryQuery& query) const override;
  Notes& notes() override { return notes_; }
  std::optional<std::uint64_t> compacted() const override { return recent_history_.compacted(); }
  absl::Status health() const override;
  bool has_lease() const override;

 private:
  EtcdStore(EtcdOptions options, Members members, const common::Clock& clock);

  const EtcdOptions options_;
  const Layout layout_;
  const common::Clock& clock_;
  const std::uint64_t writer_;  // names this process in what it writes
  Members members_;
  Opened opened_;
  RecentHistory recent_history_;
  EtcdNotes notes_;
  Loaded loaded_;                   // between Load and Start
  std::unique_ptr<Driver> driver_;  // from Start on
};

}  // namespace liveness::storage::etcd
