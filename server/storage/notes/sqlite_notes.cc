#include "server/storage/notes/sqlite_notes.h"

#include <string>
#include <utility>

#include "common/strings.h"
#include "server/storage/sqlite_schema.h"

namespace liveness::storage {
namespace {

constexpr std::string_view kPrefix = "note/";

absl::Status WriteAll(SqliteDatabase& database, const Notes::Texts& notes) {
  SqliteTransaction transaction(database);
  if (auto status = transaction.Begin(SqliteTransaction::Kind::kWrite); !status.ok()) return status;
  auto drop = database.Prepare("DELETE FROM meta WHERE key = ?1");
  if (!drop.ok()) return drop.status();
  for (const auto& [key, value] : notes) {
    const std::string row = common::StrCat(kPrefix, key);
    auto status = value.empty() ? drop->BindText(1, row).Run() : SetMeta(database, row, value);
    if (!status.ok()) return status;
  }
  return transaction.Commit();
}

}  // namespace

absl::Status SqliteNotes::Load(SqliteDatabase& database) {
  // '0' follows '/'.
  auto rows = database.Prepare("SELECT key, value FROM meta WHERE key >= 'note/' AND key < 'note0'");
  if (!rows.ok()) return rows.status();
  Notes::Texts kept;
  for (;;) {
    const absl::StatusOr<bool> row = rows->Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    kept.emplace(rows->Bytes(0).substr(kPrefix.size()), rows->Bytes(1));
  }
  notes_.Load(std::move(kept));
  return absl::OkStatus();
}

void SqliteNotes::Save(SqliteDatabase& database, common::MonoTime now, const Write& write) {
  const bool failed = retry_at_ != common::MonoTime::max();
  if (failed && now < retry_at_) return;
  const Notes::Texts unsaved = notes_.TakeUnsaved();
  if (unsaved.empty()) return;
  const absl::Status status = write([&] { return WriteAll(database, unsaved); });
  if (status.ok()) {
    if (failed) options_.log(options_.path + ": notes are written again");
    retry_at_ = common::MonoTime::max();
    return notes_.Saved();
  }
  if (!failed) {
    options_.log(common::StrCat(options_.path, ": notes of how far the hooks have come cannot be written: ",
                                common::ToStd(status.message()),
                                "; if this server dies now, some events are sent once more"));
  }
  retry_at_ = now + kRetry;
  notes_.NotSaved(unsaved, status);
}

}  // namespace liveness::storage
