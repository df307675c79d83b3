#include "server/storage/sqlite_trimmer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/strings.h"
#include "server/core/fleet/scopes.h"
#include "server/storage/sqlite_schema.h"

namespace liveness::storage {
namespace {

// A look at one is a walk over its share of an index, some 50 us.
constexpr std::size_t kLookedAt = 16;
// Of its share: who has written so much since it was looked at is looked at again.
constexpr std::size_t kWorthALook = 4;

std::int64_t Signed(std::uint64_t revision) { return static_cast<std::int64_t>(revision); }

// The number in the only row of `statement`.
absl::StatusOr<std::int64_t> QueryOne(SqliteStatement& statement) {
  const absl::StatusOr<bool> row = statement.Step();
  if (!row.ok()) return row.status();
  const std::int64_t number = *row ? statement.Int(0) : 0;
  statement.Reset();
  return number;
}

}  // namespace

absl::StatusOr<SqliteTrimmer> SqliteTrimmer::On(SqliteDatabase& database, const SqliteOptions& options) {
  SqliteTrimmer trimmer;
  trimmer.database_ = &database;
  trimmer.options_ = &options;
  const std::pair<SqliteStatement*, std::string_view> statements[] = {
      {&trimmer.oldest_, "SELECT revision, time_ns FROM history ORDER BY revision LIMIT ?1"},
      {&trimmer.beyond_share_,
       "SELECT revision FROM history WHERE client_id = ?1 ORDER BY revision DESC LIMIT 1 OFFSET ?2"},
      {&trimmer.last_of_some_,
       "SELECT max(revision) FROM (SELECT revision FROM history WHERE client_id = ?1 AND revision <= ?2 "
       "ORDER BY revision LIMIT ?3)"},
      {&trimmer.drop_some_, "DELETE FROM history WHERE client_id = ?1 AND revision <= ?2 RETURNING voice"},
      {&trimmer.last_of_voice_,
       "SELECT max(revision) FROM (SELECT revision FROM history WHERE voice = ?1 ORDER BY revision LIMIT "
       "?2)"},
      {&trimmer.is_others_before_,
       "SELECT EXISTS(SELECT 1 FROM history WHERE revision <= ?2 AND voice <> ?1 ORDER BY revision)"},
      {&trimmer.drop_of_voice_, "DELETE FROM history WHERE voice = ?1 AND revision <= ?2 RETURNING voice"},
      {&trimmer.drop_oldest_, "DELETE FROM history WHERE revision <= ?1 RETURNING voice"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.Prepare(sql);
    if (!prepared.ok()) return prepared.status();
    *statement = *std::move(prepared);
  }
  auto voices = database.Prepare("SELECT voice, count(*) FROM history GROUP BY voice");
  if (!voices.ok()) return voices.status();
  for (;;) {
    const absl::StatusOr<bool> row = voices->Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    trimmer.AddRows(voices->Bytes(0), static_cast<std::size_t>(voices->Int(1)));
  }
  const auto compacted = MetaInt(database, meta::kCompacted), thinned = MetaInt(database, meta::kThinned);
  for (const auto* number : {&compacted, &thinned}) {
    if (!number->ok()) return number->status();
  }
  trimmer.compacted_ = static_cast<std::uint64_t>(*compacted);
  trimmer.thinned_ = static_cast<std::uint64_t>(*thinned);
  if (trimmer.rows_ <= options.max_history_rows / 2) return trimmer;
  // Who was loud before this start.
  auto loud = database.Prepare(
      "SELECT client_id, count(*) FROM history GROUP BY client_id HAVING count(*) > ?1 LIMIT ?2");
  if (!loud.ok()) return loud.status();
  loud->Bind(1, Signed(options.max_history_per_client)).Bind(2, Signed(Frequent::kCounters));
  for (;;) {
    const absl::StatusOr<bool> row = loud->Step();
    if (!row.ok()) return row.status();
    if (!*row) return trimmer;
    trimmer.writers_.Add(loud->Bytes(0), static_cast<std::uint64_t>(loud->Int(1)));
  }
}

void SqliteTrimmer::Wrote(const core::Transition& transition) {
  AddRows(core::VoiceOf(*transition.after), 1);
  writers_.Add(transition.after->client_id());
}

void SqliteTrimmer::AddRows(std::string_view voice, std::size_t count) {
  rows_ += count;
  std::size_t& has = voices_[std::string(voice)];
  has += count;
  if (2 * has > rows_) majority_ = voice;
}

void SqliteTrimmer::Dropped(const std::vector<std::string>& voices) {
  rows_ -= voices.size();
  for (const std::string& voice : voices) {
    const auto at = voices_.find(voice);
    if (at != voices_.end() && --at->second == 0) voices_.erase(at);
  }
}

std::size_t SqliteTrimmer::Excess() const {
  return rows_ > options_->max_history_rows ? rows_ - options_->max_history_rows : 0;
}

absl::StatusOr<std::size_t> SqliteTrimmer::Trim(std::optional<common::WallTime> now, std::size_t most) {
  const auto loud = ThinTheLoud(most);
  if (!loud.ok() || *loud >= most) return loud;
  const auto majority = ThinTheMajority(most - *loud);
  if (!majority.ok()) return majority;
  const std::size_t thinned = *loud + *majority;
  if (thinned >= most) return thinned;
  const auto dropped = DropOldest(now, most - thinned);
  if (!dropped.ok()) return dropped;
  return thinned + *dropped;
}

absl::StatusOr<std::size_t> SqliteTrimmer::ThinTheLoud(std::size_t most) {
  const std::size_t wanted = std::min(most, Excess());
  if (wanted == 0) return 0;
  const std::size_t worth = std::max<std::size_t>(options_->max_history_per_client / kWorthALook, 1);
  std::size_t dropped = 0;
  for (const std::string& client_id : writers_.AtLeast(worth, kLookedAt)) {
    if (dropped >= wanted) break;
    const auto some = Thin(client_id, wanted - dropped);
    if (!some.ok()) return some;
    if (*some == 0) writers_.Forget(client_id);
    dropped += *some;
  }
  return dropped;
}

absl::StatusOr<std::size_t> SqliteTrimmer::Thin(const std::string& client_id, std::size_t most) {
  beyond_share_.BindText(1, client_id).Bind(2, Signed(options_->max_history_per_client));
  const absl::StatusOr<bool> beyond = beyond_share_.Step();
  if (!beyond.ok()) return beyond.status();
  if (!*beyond) return 0;
  const std::int64_t newest = beyond_share_.Int(0);
  beyond_share_.Reset();
  const absl::StatusOr<std::int64_t> last =
      QueryOne(last_of_some_.BindText(1, client_id).Bind(2, newest).Bind(3, Signed(most)));
  if (!last.ok()) return last.status();

  return DropSome(drop_some_.BindText(1, client_id).Bind(2, *last), *last);
}

absl::StatusOr<std::size_t> SqliteTrimmer::ThinTheMajority(std::size_t most) {
  const auto voice = voices_.find(majority_);
  // Of old rows nobody knows whose they are: these are not one voice's.
  if (voice == voices_.end() || majority_.empty() || 2 * voice->second <= rows_) return 0;
  // After so many it has half.
  const std::size_t wanted = std::min({most, Excess(), 2 * voice->second - rows_});
  if (wanted == 0) return 0;
  last_of_voice_.BindText(1, majority_).Bind(2, Signed(wanted));
  const absl::StatusOr<std::int64_t> last = QueryOne(last_of_voice_);
  if (!last.ok()) return last.status();
  const absl::StatusOr<std::int64_t> others =
      QueryOne(is_others_before_.BindText(1, majority_).Bind(2, *last));
  if (!others.ok()) return others.status();
  if (*others == 0) return 0;
  return DropSome(drop_of_voice_.BindText(1, majority_).Bind(2, *last), *last);
}

absl::StatusOr<std::size_t> SqliteTrimmer::DropSome(SqliteStatement& drop, std::int64_t last) {
  const std::uint64_t thinned = std::max(thinned_, static_cast<std::uint64_t>(last));
  SqliteTransaction transaction(*database_);
  if (auto status = transaction.Begin(SqliteTransaction::Kind::kWrite); !status.ok()) return status;
  const auto voices = RunDrop(drop);
  if (!voices.ok()) return voices.status();
  if (auto status = SetMeta(*database_, meta::kThinned, Signed(thinned)); !status.ok()) return status;
  if (auto status = transaction.Commit(); !status.ok()) return status;
  thinned_ = thinned;
  Dropped(*voices);
  return voices->size();
}

absl::StatusOr<std::size_t> SqliteTrimmer::DropOldest(std::optional<common::WallTime> now, std::size_t most) {
  const auto is_due = [&](std::size_t dropped, common::WallTime time) {
    return dropped < Excess() || (now && time < *now - options_->max_history_age);
  };
  if (rows_ == 0 || (oldest_time_ && !is_due(0, *oldest_time_))) return 0;

  std::size_t dropped = 0;
  std::uint64_t last = 0;
  oldest_time_.reset();
  oldest_.Bind(1, static_cast<std::int64_t>(most) + 1);
  for (;;) {
    const absl::StatusOr<bool> row = oldest_.Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    const common::WallTime time{common::Duration(oldest_.Int(1))};
    if (dropped == most || !is_due(dropped, time)) {
      oldest_time_ = time;
      oldest_.Reset();
      break;
    }
    last = static_cast<std::uint64_t>(oldest_.Int(0));
    ++dropped;
  }
  if (dropped == 0) return 0;
  if (auto status = DropUpTo(last); !status.ok()) {
    oldest_time_.reset();
    return status;
  }
  return dropped;
}

absl::StatusOr<std::vector<std::string>> SqliteTrimmer::RunDrop(SqliteStatement& drop) {
  std::vector<std::string> voices;
  for (;;) {
    const absl::StatusOr<bool> row = drop.Step();
    if (!row.ok()) return row.status();
    if (!*row) return voices;
    voices.emplace_back(drop.Bytes(0));
  }
}

absl::Status SqliteTrimmer::DropUpTo(std::uint64_t revision) {
  SqliteTransaction transaction(*database_);
  if (auto status = transaction.Begin(SqliteTransaction::Kind::kWrite); !status.ok()) return status;
  const auto voices = RunDrop(drop_oldest_.Bind(1, Signed(revision)));
  if (!voices.ok()) return voices.status();
  const auto sql = common::StrCat("DELETE FROM gaps WHERE until <= ", revision);
  if (auto status = database_->Execute(sql); !status.ok()) return status;
  if (auto status = SetMeta(*database_, meta::kCompacted, Signed(revision)); !status.ok()) return status;
  if (auto status = transaction.Commit(); !status.ok()) return status;
  compacted_ = revision;
  Dropped(*voices);
  return absl::OkStatus();
}

}  // namespace liveness::storage
