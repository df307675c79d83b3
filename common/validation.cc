#include "common/validation.h"

#include <string>

#include "common/strings.h"
#include "common/utf8.h"

namespace liveness::common {
namespace {

bool HasControlBeyondLines(std::string_view text) {
  std::string kept;
  for (const char c : text) {
    if (c != '\n' && c != '\r' && c != '\t') kept.push_back(c);
  }
  return HasControlCharacter(kept);
}

// What is wrong with a text, or empty.
std::string TextProblem(std::string_view value, std::size_t max_bytes, bool multiline) {
  if (value.size() > max_bytes) {
    return StrCat("is ", value.size(), " bytes long, more than ", max_bytes);
  }
  if (!IsValidUtf8(value)) return "is not valid UTF-8";
  if (multiline ? HasControlBeyondLines(value) : HasControlCharacter(value)) return "has a control character";
  return "";
}

void AddUnlessEmpty(std::string_view field, std::string problem, std::vector<FieldViolation>* violations) {
  if (!problem.empty()) violations->push_back({std::string(field), std::move(problem)});
}

}  // namespace

void CheckId(std::string_view field, std::string_view value, std::vector<FieldViolation>* violations) {
  AddUnlessEmpty(field, value.empty() ? "is empty" : TextProblem(value, kMaxIdBytes, false), violations);
}

void CheckText(std::string_view field, std::string_view value, std::size_t max_bytes,
               std::vector<FieldViolation>* violations) {
  AddUnlessEmpty(field, TextProblem(value, max_bytes, false), violations);
}

void CheckMultilineText(std::string_view field, std::string_view value, std::size_t max_bytes,
                        std::vector<FieldViolation>* violations) {
  AddUnlessEmpty(field, TextProblem(value, max_bytes, true), violations);
}

bool CheckLabelCount(std::string_view field, std::size_t count, std::vector<FieldViolation>* violations) {
  if (count <= kMaxLabels) return true;
  violations->push_back({std::string(field), StrCat("has ", count, " entries, more than ", kMaxLabels)});
  return false;
}

bool CheckLabel(std::string_view field, std::string_view key, std::string_view value,
                std::vector<FieldViolation>* violations) {
  std::string problem = key.empty() ? "is empty" : TextProblem(key, kMaxLabelKeyBytes, false);
  if (!problem.empty()) {
    problem = StrCat("key ", problem);
  } else {
    problem = TextProblem(value, kMaxLabelValueBytes, false);
    if (problem.empty()) return true;
    problem = StrCat("value ", problem);
  }
  // Escaped, and no more of a long key than it takes to find it.
  constexpr std::size_t kShown = 24;
  const std::string shown = StrCat(Escape(key.substr(0, kShown)), key.size() > kShown ? "..." : "");
  violations->push_back({StrCat(field, "[\"", shown, "\"]"), std::move(problem)});
  return false;
}

}  // namespace liveness::common
