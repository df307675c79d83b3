#include "server/storage/etcd/etcd_store.h"

#include <cstring>
#include <utility>

#include "common/random.h"
#include "server/storage/etcd/opening.h"

namespace liveness::storage::etcd {
namespace {

std::uint64_t RandomNumber() {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
  common::RandomBytes(bytes);
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), bytes.size());
  return number;
}

}  // namespace

EtcdStore::EtcdStore(EtcdOptions options, Members members, const common::Clock& clock)
    : options_(std::move(options)),
      layout_(options_.prefix),
      clock_(clock),
      writer_(RandomNumber()),
      members_(std::move(members)),
      recent_history_(options_.max_history),
      notes_(clock) {}

EtcdStore::~EtcdStore() { Stop(); }

absl::StatusOr<std::unique_ptr<EtcdStore>> EtcdStore::Open(EtcdOptions options, const common::Clock& clock) {
  auto members = Members::Create(options);
  if (!members.ok()) return members.status();
  std::unique_ptr<EtcdStore> store(new EtcdStore(std::move(options), *std::move(members), clock));
  auto opened = Opening(store->options_, store->layout_, store->members_, clock).Open();
  if (!opened.ok()) return opened.status();
  store->opened_ = *std::move(opened);
  return store;
}

absl::StatusOr<Contents> EtcdStore::Load() {
  auto loaded = Opening(options_, layout_, members_, clock_).Load(opened_.history, writer_, recent_history_);
  if (!loaded.ok()) return loaded.status();
  loaded_ = *std::move(loaded);
  return Contents{loaded_.mirror->Records(), opened_.history.Told(loaded_.revision)};
}

void EtcdStore::Start(StoreListener& listener) {
  const Driver::Parts parts{options_, layout_, opened_.history, members_, recent_history_, notes_, clock_};
  driver_ = std::make_unique<Driver>(parts, writer_, std::move(loaded_), listener);
  driver_->Start();
}

void EtcdStore::Stop() {
  if (driver_ != nullptr) driver_->Stop();
}

core::RecordPtr EtcdStore::Propose(Proposal proposal) {
  driver_->Propose(std::move(proposal));
  return nullptr;
}

void EtcdStore::OnLostRevision(std::uint64_t revision) { driver_->OnLostRevision(revision); }

absl::StatusOr<HistoryPart> EtcdStore::ReadHistory(const HistoryQuery& query) const {
  return recent_history_.Read(query);
}

absl::Status EtcdStore::health() const { return driver_ == nullptr ? absl::OkStatus() : driver_->health(); }
bool EtcdStore::has_lease() const { return driver_ == nullptr || driver_->has_lease(); }

}  // namespace liveness::storage::etcd
