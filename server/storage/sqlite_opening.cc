#include "server/storage/sqlite_opening.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/random.h"
#include "common/strings.h"
#include "server/storage/record_codec.h"
#include "server/storage/sqlite_files.h"
#include "server/storage/sqlite_mark.h"
#include "server/storage/sqlite_schema.h"

namespace liveness::storage {
namespace {

// Of a clock that may be set to anything.
std::uint64_t Microseconds(common::WallTime time) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0));
}

using DecodedRecords = std::vector<std::shared_ptr<core::ClientRecord>>;

absl::StatusOr<DecodedRecords> ReadRecords(SqliteDatabase& database) {
  const auto count = database.QueryInt("SELECT count(*) FROM clients");
  if (!count.ok()) return count.status();
  DecodedRecords records;
  records.reserve(static_cast<std::size_t>(*count));
  auto statement = database.Prepare("SELECT record FROM clients");
  if (!statement.ok()) return statement.status();
  ServerIdPool ids;
  for (;;) {
    const absl::StatusOr<bool> row = statement->Step();
    if (!row.ok()) return row.status();
    if (!*row) return records;
    auto record = DecodeRecord(statement->Bytes(0), ids);
    if (!record.ok()) return record.status();
    records.push_back(*std::move(record));
  }
}

// The highest revision of which something is kept.
absl::StatusOr<std::uint64_t> LastRevision(SqliteDatabase& database, const DecodedRecords& records) {
  std::uint64_t last = 0;
  for (const char* sql : {"SELECT max(revision) FROM history", "SELECT max(until) FROM gaps",
                          "SELECT value FROM meta WHERE key = 'compacted'"}) {
    const auto revision = database.QueryInt(sql);
    if (!revision.ok()) return revision.status();
    last = std::max(last, static_cast<std::uint64_t>(*revision));
  }
  for (const auto& record : records) last = std::max(last, record->revision);
  return last;
}

// One opening of one file.
class Opening {
 public:
  Opening(const SqliteOptions& options, const common::Clock& clock) : options_(options), clock_(clock) {}

  absl::StatusOr<OpenedSqlite> Run() {
    for (auto step :
         {&Opening::Connect, &Opening::Check, &Opening::ReadMeta, &Opening::ReadContents, &Opening::Begin}) {
      if (auto status = (this->*step)(); !status.ok()) return status;
    }
    TakeContents();
    return std::move(opened_);
  }

 private:
  bool in_memory() const { return options_.path == kInMemory; }

  absl::Status Connect() {
    if (in_memory()) {
      // Shared by the connections of this process that know the name.
      opened_.uri = common::StrCat("file:/liveness-", common::RandomHexId(), "?vfs=memdb");
    } else {
      if (auto status = PrepareFile(options_.path); !status.ok()) return status;
      auto identity = FileIdentity(options_.path);
      if (!identity.ok()) return identity.status();
      identity_ = *std::move(identity);
      opened_.uri = options_.path;
    }
    auto database = SqliteDatabase::Open(opened_.uri, SqliteDatabase::Access::kReadWrite,
                                         in_memory() ? "" : options_.vfs);
    if (!database.ok()) return database.status();
    opened_.database = *std::move(database);
    // Another process may look into the file, if it is quick about it.
    return opened_.database.Execute(
        "PRAGMA busy_timeout=250; PRAGMA trusted_schema=OFF; PRAGMA secure_delete=OFF");
  }

  absl::Status Check() {
    if (auto status = QuickCheck(opened_.database); !status.ok()) return status;
    const auto version = Migrate(opened_.database, SqliteMigrations());
    if (!version.ok()) return version.status();
    fresh_ = *version == 0;
    const auto mode = opened_.database.QueryText("PRAGMA journal_mode=WAL");
    if (!mode.ok()) return mode.status();
    if (*mode != "wal" && !in_memory()) {
      return absl::FailedPreconditionError(
          "this file system cannot share memory between connections, which a write-ahead log needs; "
          "choose a directory on a local disk");
    }
    return opened_.database.Execute(
        "PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536");
  }

  absl::Status ReadMeta() {
    if (fresh_) return absl::OkStatus();
    const auto history_id = MetaBytes(opened_.database, meta::kHistoryId);
    const auto token_key = MetaBytes(opened_.database, meta::kTokenKey);
    const auto home = MetaBytes(opened_.database, meta::kHome);
    const auto reserved = MetaInt(opened_.database, meta::kReservedUntil);
    const auto line_start = MetaInt(opened_.database, meta::kLineStart);
    if (!history_id.ok()) return history_id.status();
    if (!token_key.ok()) return token_key.status();
    if (!home.ok()) return home.status();
    if (!reserved.ok()) return reserved.status();
    if (!line_start.ok()) return line_start.status();
    if (history_id->empty() && token_key->empty()) {
      fresh_ = true;  // killed between the schema and its first rows
      return absl::OkStatus();
    }
    if (history_id->size() != 16 || token_key->size() != opened_.token_key.size() || *reserved <= 0) {
      return absl::DataLossError("its meta table has lost rows");
    }
    opened_.history_id = *history_id;
    std::memcpy(opened_.token_key.data(), token_key->data(), token_key->size());
    opened_.reserved_until = static_cast<std::uint64_t>(*reserved);
    line_start_ = static_cast<std::uint64_t>(*line_start);
    if (in_memory()) return absl::OkStatus();
    const std::vector<std::uint64_t> left = ReadMark(options_.path);
    copied_ = *home != identity_ || std::find(left.begin(), left.end(), opened_.reserved_until) == left.end();
    // What a copy does not know of was given out all the same.
    for (const std::uint64_t until : left) given_ = std::max(given_, until);
    return absl::OkStatus();
  }

  absl::Status ReadContents() {
    auto records = ReadRecords(opened_.database);
    if (!records.ok()) return records.status();
    records_ = *std::move(records);
    const auto last = LastRevision(opened_.database, records_);
    if (!last.ok()) return last.status();
    // Where a line begins, somebody may have watched before there was anything to keep: nothing is missing
    // there.
    last_ = std::max(*last, line_start_);
    return absl::OkStatus();
  }

  // Reserves the first block, and says so on disk before anybody is given of it.
  absl::Status Begin() {
    // Each start goes on above the wall clock: if all the files went back, as to a snapshot of the disk,
    // nothing here can show it, and yet nothing is given out twice (docs/adr/0020).
    std::uint64_t start = std::max({last_, opened_.reserved_until, Microseconds(clock_.Wall())});
    if (fresh_ || copied_) {
      // Beyond whatever the line that a copy was taken from may have come to (docs/adr/0007).
      start = std::max(start, given_);
      line_start_ = start;
      opened_.history_id = common::RandomHexId().substr(0, 16);
      if (fresh_) common::RandomBytes(opened_.token_key);
    }
    const std::uint64_t was = std::exchange(opened_.reserved_until, start + options_.revision_block);
    opened_.contents.revision = start;
    opened_.contents.last_known = copied_ || fresh_ ? start : last_;
    if (!in_memory()) {
      if (auto status = WriteMark(options_.path, {was, opened_.reserved_until}); !status.ok()) return status;
    }
    if (auto status = WriteBeginning(start); !status.ok()) return status;
    if (!in_memory()) (void)WriteMark(options_.path, {opened_.reserved_until});
    if (copied_) {
      options_.log(common::StrCat(options_.path, " is a copy, as after a restore: its history goes on as ",
                                  opened_.history_id, ", with revisions above ", start));
    }
    // Also makes the directory's entries durable. A reader elsewhere may keep it from completing.
    (void)opened_.database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    return opened_.database.Execute(options_.fsync_always ? "PRAGMA synchronous=FULL"
                                                          : "PRAGMA synchronous=NORMAL");
  }

  absl::Status WriteBeginning(std::uint64_t start) {
    SqliteDatabase& database = opened_.database;
    SqliteTransaction transaction(database);
    if (auto status = transaction.Begin(SqliteTransaction::Kind::kWrite); !status.ok()) return status;
    if (!fresh_ && start > last_) {
      const auto lost = common::StrCat("INSERT OR REPLACE INTO gaps(after, until, told) VALUES(", last_, ", ",
                                       start, ", 0)");
      if (auto status = database.Execute(lost); !status.ok()) return status;
    }
    const std::string_view key(reinterpret_cast<const char*>(opened_.token_key.data()),
                               opened_.token_key.size());
    const auto reserved = static_cast<std::int64_t>(opened_.reserved_until);
    for (const absl::Status& status :
         {SetMeta(database, meta::kHistoryId, opened_.history_id), SetMeta(database, meta::kTokenKey, key),
          SetMeta(database, meta::kHome, identity_), SetMeta(database, meta::kReservedUntil, reserved),
          SetMeta(database, meta::kLineStart, static_cast<std::int64_t>(line_start_))}) {
      if (!status.ok()) return status;
    }
    return transaction.Commit();
  }

  // A record that an earlier history wrote speaks of a session that others may have followed since, of which
  // a copy knows nothing: it takes an incarnation above all of theirs, which no token names (docs/adr/0020).
  void TakeContents() {
    opened_.contents.records.reserve(records_.size());
    for (auto& record : records_) {
      if (record->revision <= line_start_) record->incarnation = std::max(record->incarnation, line_start_);
      opened_.contents.records.push_back(std::move(record));
    }
    records_ = {};
  }

  const SqliteOptions& options_;
  const common::Clock& clock_;
  OpenedSqlite opened_;
  DecodedRecords records_;
  std::string identity_;
  bool fresh_ = false;
  bool copied_ = false;
  std::uint64_t last_ = 0;
  std::uint64_t line_start_ = 0;  // the revisions of this history are above
  std::uint64_t given_ = 0;       // by the note beside it; counts if it is a copy
};

absl::Status SetDamagedAside(const SqliteOptions& options, const common::Clock& clock, std::string_view why) {
  const auto aside = SetAside(options.path, clock.Wall());
  if (!aside.ok()) return aside.status();
  options.log(common::StrCat(
      options.path, " IS DAMAGED (", why, "). It was set aside as ", *aside,
      ", and a new store begins: every client that does not come back by itself is unknown from now on"));
  return absl::OkStatus();
}

absl::Status InWords(const SqliteOptions& options, const absl::Status& status) {
  const char* advice = "";
  if (status.code() == absl::StatusCode::kResourceExhausted) advice = "; make room on its disk";
  if (common::ToStd(status.message()).find("is locked") != std::string_view::npos) {
    advice = "; another process uses it: stop that one";
  }
  return absl::Status(status.code(), common::ToAbsl(common::StrCat(options.path, ": ",
                                                                   common::ToStd(status.message()), advice)));
}

}  // namespace

absl::StatusOr<OpenedSqlite> OpenSqlite(const SqliteOptions& options, const common::Clock& clock) {
  const bool file = options.path != kInMemory;
  if (file && HasLostItsDatabase(options.path)) {
    if (auto status = SetDamagedAside(options, clock, "a log without its database"); !status.ok())
      return status;
  }
  auto opened = Opening(options, clock).Run();
  if (file && opened.status().code() == absl::StatusCode::kDataLoss) {
    // Its connection is closed by now.
    if (auto status = SetDamagedAside(options, clock, common::ToStd(opened.status().message()));
        !status.ok()) {
      return status;
    }
    opened = Opening(options, clock).Run();
  }
  if (!opened.ok()) return InWords(options, opened.status());
  return opened;
}

}  // namespace liveness::storage
