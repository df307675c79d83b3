#include "server/storage/sqlite_store.h"

#include <algorithm>
#include <utility>

#include "common/status.h"
#include "common/strings.h"
#include "server/storage/transition_log.h"

namespace liveness::storage {
namespace {

// More in one transaction would make those at its front wait for no gain.
constexpr std::size_t kMaxBatch = 4096;
// Dropping this much of history takes a few milliseconds, during which a change waits:
// it is done once for as many changes, or when none has come for a while.
constexpr std::size_t kTrimRows = 256;
constexpr common::Duration kCalm = std::chrono::milliseconds(100);
constexpr common::Duration kIdleLook = std::chrono::seconds(10);
// A write that takes longer than this is told of in health().
constexpr common::Duration kLongWrite = std::chrono::seconds(1);

absl::Status Unwritable() {
  return common::Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
                       "the server's disk fails; try again later");
}

}  // namespace

using common::MutexLock;

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(SqliteOptions options,
                                                               const common::Clock& clock) {
  auto opened = OpenSqlite(options, clock);
  if (!opened.ok()) return opened.status();
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(options), clock, *std::move(opened)));
  if (auto status = store->Connect(); !status.ok()) return status;
  return store;
}

SqliteStore::SqliteStore(SqliteOptions options, const common::Clock& clock, OpenedSqlite opened)
    : options_(std::move(options)),
      clock_(clock),
      opened_(std::move(opened)),
      last_(opened_.contents.revision),
      reserved_(opened_.reserved_until),
      queue_(kMaxBatch) {}

SqliteStore::~SqliteStore() { Stop(); }

absl::Status SqliteStore::Connect() {
  auto writer = SqliteWriter::On(opened_.database, options_);
  if (!writer.ok()) return writer.status();
  writer_ = *std::move(writer);
  auto trimmer = SqliteTrimmer::On(opened_.database, options_);
  if (!trimmer.ok()) return trimmer.status();
  trimmer_ = *std::move(trimmer);
  if (auto status = notes_.Load(opened_.database); !status.ok()) return status;
  compacted_.store(trimmer_->compacted(), std::memory_order_relaxed);
  const bool in_memory = options_.path == kInMemory;
  auto history = SqliteHistory::Open(opened_.uri, in_memory ? "" : options_.vfs);
  if (!history.ok()) return history.status();
  history_ = *std::move(history);
  if (in_memory) return absl::OkStatus();
  auto keeper = SqliteLogKeeper::Start(opened_.uri, options_, writing_);
  if (!keeper.ok()) return keeper.status();
  log_keeper_ = *std::move(keeper);
  // Called by the commit, on the thread that commits.
  sqlite3_wal_hook(
      opened_.database.handle(),
      [](void* keeper, sqlite3*, const char*, int pages) {
        static_cast<SqliteLogKeeper*>(keeper)->Committed(pages);
        return SQLITE_OK;
      },
      log_keeper_.get());
  return absl::OkStatus();
}

absl::StatusOr<Contents> SqliteStore::Load() { return std::move(opened_.contents); }

void SqliteStore::Start(StoreListener& listener) {
  listener_ = &listener;
  (void)wall_.At(clock_.Wall(), clock_.Mono());  // its hour begins
  thread_ = std::thread([this] { Run(); });
}

void SqliteStore::Stop() {
  if (thread_.joinable()) {
    queue_.Stop();
    thread_.join();
  }
  if (opened_.database.is_open()) Close();
}

core::RecordPtr SqliteStore::Propose(Proposal proposal) {
  queue_.Put(std::move(proposal));
  return nullptr;
}

void SqliteStore::OnLostRevision(std::uint64_t revision) {
  MutexLock lock(mu_);
  lost_ = std::max(lost_, revision);
}

absl::StatusOr<HistoryPart> SqliteStore::ReadHistory(const HistoryQuery& query) const {
  if (history_ == nullptr) return absl::UnavailableError("the store has been stopped");
  RevisionRange unwritten;
  {
    // Before the disk is read: an outage that ends in between is told by both, and joined by the reader.
    MutexLock lock(mu_);
    unwritten = unwritten_;
  }
  auto part = history_->Read(query);
  const bool lies_within = unwritten.until > query.after && unwritten.after + 1 < query.before;
  if (part.ok() && unwritten.after < unwritten.until && lies_within) {
    part->gaps.emplace_back(unwritten.after, unwritten.until);
    part->gaps = JoinGaps(std::move(part->gaps));
  }
  return part;
}

absl::Status SqliteStore::health() const {
  {
    MutexLock lock(mu_);
    if (!failure_.ok()) return failure_;
  }
  const common::MonoTime since{common::Duration(writing_since_.load(std::memory_order_relaxed))};
  if (since != common::MonoTime{}) {
    const auto span = std::chrono::floor<std::chrono::seconds>(clock_.Mono() - since);
    if (span >= kLongWrite) {
      return absl::UnavailableError(common::ToAbsl(common::StrCat(
          options_.path, ": the disk has not answered for ", span.count(), " s; changes wait for it")));
    }
  }
  return log_keeper_ == nullptr ? absl::OkStatus() : log_keeper_->status();
}

// --- The writer thread ---------------------------------------------------------

void SqliteStore::Run() {
  while (std::optional<std::vector<Proposal>> batch = queue_.Take(Pause())) {
    const std::size_t size = batch->size();
    Handle(*std::move(batch));
    untrimmed_ += size;
    if (size == 0 || untrimmed_ >= kTrimRows) TrimSome();
  }
  std::size_t written = 0;
  do {
    written = outage_.written();
    if (Recover(true)) return Handle({});
  } while (outage_.written() > written);
}

common::Duration SqliteStore::Pause() const {
  if (trim_more_) return common::Duration::zero();
  if (outage_.active()) return outage_.retry_at() - clock_.Mono();
  return std::min(untrimmed_ != 0 ? kCalm : kIdleLook, notes_.retry_at() - clock_.Mono());
}

void SqliteStore::Handle(std::vector<Proposal> batch) {
  if (!Recover(false)) return TellUnwritten(std::move(batch));
  while (!held_.empty()) {
    std::vector<Proposal> held = std::move(held_.front());
    held_.pop_front();
    if (!HandleOne(std::move(held))) return TellUnwritten(std::move(batch));
  }
  if (!batch.empty() && !HandleOne(std::move(batch))) return;
  notes_.Save(opened_.database, clock_.Mono(), [this](const auto& write) {
    const absl::Status room = Room();
    return room.ok() ? Timed(write) : room;
  });
}

bool SqliteStore::HandleOne(std::vector<Proposal> batch) {
  std::vector<Committed> changes;
  if (const absl::Status status = Commit(changes, batch); !status.ok()) {
    BeginOutage(status);
    TellUnwritten(std::move(batch));
    return false;
  }
  listener_->OnCommitted(std::move(changes));
  return true;
}

template <typename Write>
absl::Status SqliteStore::Timed(Write write) {
  writing_since_.store(clock_.Mono().time_since_epoch().count(), std::memory_order_relaxed);
  absl::Status status = [&] {
    MutexLock lock(writing_);
    return write();
  }();
  writing_since_.store(0, std::memory_order_relaxed);
  return status;
}

absl::Status SqliteStore::Commit(std::vector<Committed>& changes, const std::vector<Proposal>& batch) {
  if (auto status = Room(); !status.ok()) return status;
  if (auto status = SkipLost(); !status.ok()) return status;
  if (auto status = MakeRoom(batch.size()); !status.ok()) return status;
  std::vector<core::Transition> transitions;
  transitions.reserve(batch.size());
  changes.reserve(batch.size());
  for (const Proposal& proposal : batch) {
    core::RecordPtr after = Stamped(*proposal.after, ++last_);
    transitions.push_back({proposal.before, after, proposal.time});
    changes.push_back({proposal.id, std::move(after), proposal.time});
  }
  listener_->OnCommitting(transitions);
  if (auto status = Timed([&] { return writer_->Write(transitions); }); !status.ok()) return status;
  for (const core::Transition& transition : transitions) trimmer_->Wrote(transition);
  return absl::OkStatus();
}

absl::Status SqliteStore::Room() const {
  return log_keeper_ == nullptr ? absl::OkStatus() : log_keeper_->room();
}

absl::Status SqliteStore::MakeRoom(std::size_t revisions) {
  if (reserved_ - last_ >= revisions + options_.revision_block / 2) return absl::OkStatus();
  const std::uint64_t until = last_ + revisions + options_.revision_block;
  if (auto status = Timed([&] { return writer_->Reserve(reserved_, until); }); !status.ok()) return status;
  reserved_ = until;
  return absl::OkStatus();
}

absl::Status SqliteStore::SkipLost() {
  std::uint64_t lost = 0;
  {
    MutexLock lock(mu_);
    lost = lost_;
  }
  if (lost <= last_) return absl::OkStatus();
  const std::uint64_t until = lost + options_.revision_block;
  const RevisionRange gap{last_, lost};
  auto status = Timed([&]() -> absl::Status {
    if (auto reserved = writer_->Reserve(reserved_, until); !reserved.ok()) return reserved;
    return writer_->AddGap(gap);
  });
  if (!status.ok()) return status;
  reserved_ = until;
  last_ = lost;
  listener_->OnGap(gap.after, gap.until);
  listener_->OnGapTold(gap.until);
  return absl::OkStatus();
}

void SqliteStore::BeginOutage(const absl::Status& why) {
  const bool news = !outage_.active();
  outage_.Failed(last_, clock_.Mono());
  const std::string words = common::StrCat(
      options_.path, ": ", common::ToStd(why.message()),
      "; until it can be written nobody new is registered, and changes are told but kept in memory");
  if (news) options_.log(words);
  MutexLock lock(mu_);
  failure_ = absl::UnavailableError(common::ToAbsl(words));
}

bool SqliteStore::Recover(bool now) {
  if (!outage_.active()) return true;
  if (!now && clock_.Mono() < outage_.retry_at()) return false;
  if (const absl::Status room = Room(); !room.ok()) {
    BeginOutage(room);
    return false;
  }
  // No more than a transaction of changes holds: those who go on meanwhile wait for one of these.
  const std::vector<core::RecordPtr> some = outage_.Some(kMaxBatch);
  const auto status = Timed([&] { return writer_->WriteAfterOutage(some, outage_.gap()); });
  if (!status.ok()) {
    BeginOutage(status);
    return false;
  }
  if (!outage_.Wrote(some)) return false;
  options_.log(common::StrCat(options_.path, ": it is written again, with the ", outage_.written(),
                              " records that changed meanwhile"));
  MutexLock lock(mu_);
  failure_ = absl::OkStatus();
  unwritten_ = {};
  return true;
}

void SqliteStore::TellUnwritten(std::vector<Proposal> batch) {
  std::vector<Committed> changes;
  std::vector<std::uint64_t> refused;
  std::vector<Proposal> held;
  for (Proposal& proposal : batch) {
    if (proposal.after->incarnation == 0) {
      refused.push_back(proposal.id);
    } else if (last_ < reserved_) {
      core::RecordPtr after = Stamped(*proposal.after, ++last_);
      outage_.Told(after);
      changes.push_back({proposal.id, std::move(after), proposal.time});
    } else {
      held.push_back(std::move(proposal));
    }
  }
  if (!held.empty()) held_.push_back(std::move(held));
  {
    // The registry's memory may drop them at once: they are missing from now on.
    MutexLock lock(mu_);
    unwritten_ = outage_.gap();
  }
  if (!changes.empty()) listener_->OnCommitted(std::move(changes));
  for (const std::uint64_t proposal : refused) listener_->OnRefused(proposal, Unwritable());
}

void SqliteStore::TrimSome() {
  trim_more_ = false;
  if (outage_.active()) return;
  // Twice what came in, lest history grow for as long as there is no pause.
  const std::size_t most = std::max(kTrimRows, 2 * std::exchange(untrimmed_, 0));
  const std::optional<common::WallTime> now = wall_.At(clock_.Wall(), clock_.Mono());
  (void)Timed([&] {
    const absl::StatusOr<std::size_t> dropped = trimmer_->Trim(now, most);
    compacted_.store(trimmer_->compacted(), std::memory_order_relaxed);
    // Why it failed is found out by the next commit.
    trim_more_ = dropped.ok() && *dropped == most;
    return dropped.status();
  });
}

void SqliteStore::Close() {
  sqlite3_wal_hook(opened_.database.handle(), nullptr, nullptr);
  log_keeper_.reset();
  history_.reset();
  // The next process may go on where this one ended.
  if (!outage_.active() && writer_) (void)writer_->Reserve(reserved_, last_);
  writer_.reset();
  trimmer_.reset();
  (void)opened_.database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
  opened_.database = SqliteDatabase();
}

}  // namespace liveness::storage
