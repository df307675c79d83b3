#include "common/keys/resume_keys.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "common/saturating.h"
#include "common/signer.h"
#include "common/strings.h"
#include "common/toml/table_reader.h"
#include "common/toml/toml_file.h"

namespace liveness::common {
namespace {

using std::chrono::milliseconds;

std::string_view Bytes(const ResumeSecret& secret) {
  return {reinterpret_cast<const char*>(secret.data()), secret.size()};
}

std::string DateOf(WallTime time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixNanos(time.time_since_epoch().count()),
                          absl::UTCTimeZone());
}

// The time of `key`, as a file that is written says it.
std::optional<WallTime> ReadTime(TableReader& reader, std::string_view key) {
  const std::optional<WallTime> time = reader.TimeOf(key);
  if (!time) return std::nullopt;
  return *time - time->time_since_epoch() % Duration(milliseconds(1));
}

// In the tables so far.
struct Seen {
  std::set<ResumeSecret> secrets;
  std::set<WallTime> dates;
};

// One [[key]].
class KeyReader {
 public:
  KeyReader(const toml::table& table, std::vector<TomlError>& errors)
      : table_(table), reader_(table, errors) {}

  ResumeKey Read(Seen& seen) {
    ReadSecret(seen.secrets);
    ReadDates(seen.dates);
    reader_.RefuseOthers();
    return key_;
  }

 private:
  bool IsMissing(std::string_view key) {
    if (table_.contains(key)) return false;
    reader_.Refuse(key, "is missing");
    return true;
  }

  void ReadSecret(std::set<ResumeSecret>& secrets) {
    const auto text = reader_.Text("secret");
    if (IsMissing("secret") || !text) return;
    const bool is_hex =
        std::all_of(text->begin(), text->end(), [](unsigned char c) { return absl::ascii_isxdigit(c); });
    if (!is_hex || text->size() != 2 * key_.secret.size()) {
      return reader_.Refuse("secret", "must be 64 hexadecimal digits");
    }
    const std::string bytes = absl::HexStringToBytes(*text);
    std::copy(bytes.begin(), bytes.end(), key_.secret.begin());
    if (!secrets.insert(key_.secret).second) reader_.Refuse("secret", "is that of another key as well");
  }

  void ReadDates(std::set<WallTime>& dates) {
    const auto from = ReadTime(reader_, "from");
    key_.until = ReadTime(reader_, "until");
    if (IsMissing("from") || !from) return;
    key_.from = *from;
    if (!dates.insert(*from).second) reader_.Refuse("from", "is that of another key as well");
    if (key_.until && *key_.until <= *from) reader_.Refuse("until", "must be after from");
  }

  const toml::table& table_;
  TableReader reader_;
  ResumeKey key_;
};

struct Entry {
  const toml::table* table = nullptr;
  ResumeKey key;
};

// `entries`: the newest first, one at least.
void CheckSuccession(const std::vector<Entry>& entries, std::vector<TomlError>& errors) {
  std::optional<WallTime> next;
  for (const auto& [table, key] : entries) {
    TableReader reader(*table, errors);
    if (!next && key.until) reader.Refuse("until", "is given, and no other key comes after this one");
    if (next && key.until && *key.until < *next) {
      reader.Refuse("until", "is before the next key's from: between the two there would be no key");
    }
    next = key.from;
  }
}

std::optional<WallTime> ReadStore(const toml::node& node, TableReader& file, std::vector<TomlError>& errors) {
  const toml::table* const table = node.as_table();
  if (table == nullptr) {
    file.RefuseType("store", "a table, under [store]", node);
    return std::nullopt;
  }
  TableReader reader(*table, errors);
  const auto until = ReadTime(reader, "until");
  if (!table->contains("until")) reader.Refuse("until", "is missing");
  reader.RefuseOthers();
  return until;
}

ResumeKeys Read(const toml::table& file, std::vector<TomlError>& errors) {
  TableReader reader(file, errors);
  ResumeKeys keys;
  if (const toml::node* const node = reader.Find("store"))
    keys.store_until = ReadStore(*node, reader, errors);
  std::vector<Entry> entries;
  Seen seen;
  for (const toml::table* const each : reader.Tables("key", ResumeKeys::kMaxKeys)) {
    entries.push_back({each, KeyReader(*each, errors).Read(seen)});
  }
  if (entries.empty() && errors.empty()) reader.Refuse("key", "is missing");
  reader.RefuseOthers();
  if (!errors.empty()) return {};
  std::sort(entries.begin(), entries.end(),
            [](const Entry& one, const Entry& other) { return one.key.from > other.key.from; });
  CheckSuccession(entries, errors);
  for (const Entry& each : entries) keys.keys.push_back(each.key);
  return keys;
}

// The first full millisecond from `time` on: what a file can say.
WallTime RoundUp(WallTime time) {
  const auto whole = std::chrono::floor<milliseconds>(time);
  return whole == time ? time : SaturatingAdd(WallTime(whole), Duration(milliseconds(1)));
}

std::optional<WallTime> Earlier(std::optional<WallTime> time, WallTime other) {
  return time ? std::min(*time, other) : other;
}

// A piece of a secret may have come to stand where the name of a key does.
bool HasHex(std::string_view text) {
  constexpr std::size_t kLongest = 7;  // of hexadecimal digits in a row, in words of ours
  std::size_t run = 0;
  return std::any_of(text.begin(), text.end(), [&run](unsigned char c) {
    run = absl::ascii_isxdigit(c) ? run + 1 : 0;
    return run > kLongest;
  });
}

}  // namespace

absl::StatusOr<ResumeKeys> ParseResumeKeys(std::string_view toml, std::string_view file) {
  TomlFile parsed = ParseToml(toml);
  std::vector<TomlError> errors = std::move(parsed.errors);
  // The parser's own words quote the text that it stumbled over.
  for (TomlError& each : errors) each.text = "is no TOML";
  ResumeKeys keys;
  if (errors.empty()) keys = Read(parsed.table, errors);
  for (TomlError& each : errors) {
    if (HasHex(each.text)) each.text = "a key that is not known";
  }
  if (errors.empty()) return keys;
  return TomlErrorsOf(file, std::move(errors));
}

std::string FormatResumeKeys(const ResumeKeys& keys) {
  std::string text =
      "# The keys of resume tokens, the newest first. `livenessctl key rotate` adds one; secrets are "
      "secret.\n";
  if (keys.store_until) text += StrCat("\n[store]\nuntil = ", DateOf(*keys.store_until), "\n");
  for (const ResumeKey& each : keys.keys) {
    text += StrCat("\n[[key]]\nsecret = \"", ToStd(absl::BytesToHexString(ToAbsl(Bytes(each.secret)))),
                   "\"\nfrom = ", DateOf(each.from), "\n");
    if (each.until) text += StrCat("until = ", DateOf(*each.until), "\n");
  }
  return text;
}

std::string NameOf(const ResumeSecret& secret) {
  const Signer::Mac name = Signer(Bytes(secret)).Sign("liveness resume key name");
  return absl::BytesToHexString({reinterpret_cast<const char*>(name.data()), 8});
}

absl::StatusOr<ResumeKeys> RotateResumeKeys(ResumeKeys keys, const ResumeSecret& secret, WallTime now,
                                            Duration from, Duration overlap) {
  const WallTime at = RoundUp(SaturatingAdd(now, from));
  if (!keys.keys.empty() && keys.keys.front().from >= at) {
    return absl::FailedPreconditionError(StrCat("its newest key signs from ", DateOf(keys.keys.front().from),
                                                " on alone: one that signs before it would never be used"));
  }
  const WallTime end = RoundUp(SaturatingAdd(at, overlap));
  keys.store_until = Earlier(keys.store_until, end);
  for (ResumeKey& each : keys.keys) each.until = Earlier(each.until, end);
  std::erase_if(keys.keys, [now](const ResumeKey& each) { return *each.until <= now; });
  if (keys.keys.size() >= ResumeKeys::kMaxKeys) {
    return absl::FailedPreconditionError(
        StrCat("it has ", ResumeKeys::kMaxKeys, " keys, of which none has run out"));
  }
  keys.keys.insert(keys.keys.begin(), {secret, at, std::nullopt});
  return keys;
}

}  // namespace liveness::common
