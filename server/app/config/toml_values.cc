#include "server/app/config/toml_values.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/toml/toml_file.h"
#include "common/utf8.h"

namespace liveness::app {
namespace {

using Kind = Setting::Kind;
using Values = std::optional<std::vector<std::string>>;

Values ReadNumber(common::TableReader& reader, const std::string& key, Kind kind) {
  const toml::node* const node = reader.Find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* const integer = node->as_integer()) return Values({std::to_string(integer->get())});
  const auto* const number = node->as_floating_point();
  if (kind == Kind::kInteger || number == nullptr || !std::isfinite(number->get())) {
    reader.RefuseType(key, kind == Kind::kInteger ? "an integer" : "a number", *node);
    return std::nullopt;
  }
  char text[64];
  return Values({std::string(text, std::to_chars(text, text + sizeof(text), number->get()).ptr)});
}

Values ReadTexts(common::TableReader& reader, const std::string& key, bool commas) {
  Values texts = reader.Texts(key);
  if (!texts || !commas) return texts;
  const toml::node* const node = reader.Find(key);
  const auto has_comma = [](const std::string& text) { return text.find(',') != std::string::npos; };
  if (node->is_array() && std::any_of(texts->begin(), texts->end(), has_comma)) {
    reader.Refuse(key, "has a comma in one of its strings, and takes an array of them");
    return std::nullopt;
  }
  return Values({absl::StrJoin(*texts, ",")});
}

Values ReadDuration(common::TableReader& reader, const std::string& key) {
  const toml::node* const node = reader.Find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* const text = node->as_string()) return Values({text->get()});
  reader.RefuseType(key, "a string such as \"250ms\" or \"2m\"", *node);
  return std::nullopt;
}

}  // namespace

Values ReadValues(common::TableReader& reader, const std::string& key, Kind kind, bool commas) {
  switch (kind) {
    case Kind::kBoolean:
      if (const auto value = reader.Boolean(key)) return Values({*value ? "true" : "false"});
      return std::nullopt;
    case Kind::kInteger:
    case Kind::kFloat: return ReadNumber(reader, key, kind);
    case Kind::kTexts: return ReadTexts(reader, key, commas);
    case Kind::kDuration: return ReadDuration(reader, key);
    case Kind::kText: break;
  }
  if (auto text = reader.Text(key)) return Values({*std::move(text)});
  return std::nullopt;
}

std::optional<std::string> WriteValue(const Setting& setting) {
  if (setting.values.empty()) return std::nullopt;
  if (setting.kind == Kind::kBoolean || setting.kind == Kind::kInteger || setting.kind == Kind::kFloat) {
    return setting.values.front();
  }
  std::vector<std::string> texts;
  for (const std::string& value : setting.values) {
    if (!common::IsValidUtf8(value)) return std::nullopt;
    texts.push_back(common::TomlText(value));
  }
  if (texts.size() == 1) return texts.front();
  return absl::StrCat("[", absl::StrJoin(texts, ", "), "]");
}

}  // namespace liveness::app
