// Reads one table of a TOML file key by key, and keeps all that is wrong with it, with line and column.
//
//   TableReader reader(table, errors);
//   const auto url = reader.Text("url");
//   const auto timeout = reader.DurationOf("timeout");
//   if (!url) reader.Refuse("url", "is missing");
//   reader.RefuseOthers();
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/toml/toml.h"
#include "common/toml/toml_error.h"

namespace liveness::common {

// As messages say it: "a string", "an integer", "an array".
std::string_view TypeInWords(const toml::node& node);

class TableReader {
 public:
  // Both outlive this; `table` is one that was parsed.
  TableReader(const toml::table& table, std::vector<TomlError>& errors);

  // The value of `key`; nothing if it is not there, or if it is wrong, which is then said.
  std::optional<std::string> Text(std::string_view key);
  std::optional<bool> Boolean(std::string_view key);
  // From `least` to `most`.
  std::optional<std::int64_t> Integer(std::string_view key, std::int64_t least, std::int64_t most);
  // A text such as "250ms".
  std::optional<Duration> DurationOf(std::string_view key);
  // A date-time with its zone, such as 2027-01-31T00:00:00Z. Years that no WallTime reaches are its ends.
  std::optional<WallTime> TimeOf(std::string_view key);
  // An array of texts, or a text alone.
  std::optional<std::vector<std::string>> Texts(std::string_view key);
  // Tables, each under [[KEY]], no more than `most`; none if there are none, or if it is wrong, which is then
  // said.
  std::vector<const toml::table*> Tables(std::string_view key, std::size_t most);
  // Whatever it is, or null: the caller reads it. The table's.
  const toml::node* Find(std::string_view key);

  // Says of the value of `key` (of the table, if it has none): `key 'url' is missing`.
  void Refuse(std::string_view key, std::string_view text);
  // That `key` takes `wanted`, e.g. "a string", and not what `found` is.
  void RefuseType(std::string_view key, std::string_view wanted, const toml::node& found);
  // Each key of the table that nobody asked for is not known; the nearest one that was asked for may be
  // meant. Last.
  void RefuseOthers();

 private:
  void Add(const toml::source_region& where, std::string text);

  const toml::table& table_;
  std::vector<TomlError>& errors_;
  std::vector<std::string> known_;
};

}  // namespace liveness::common
