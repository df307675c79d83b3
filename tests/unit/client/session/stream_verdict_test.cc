// One table for the library, docs/errors.md and docs/client.md.
#include "client/src/session/stream_verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace liveness::internal {
namespace {

using Key = std::pair<std::string, std::string>;   // status, reason
using Word = std::pair<std::string, std::string>;  // come back, how soon
using Table = std::map<Key, Word>;

std::string Text(ComeBack come_back) {
  switch (come_back) {
    case ComeBack::kWithToken: return "with the token";
    case ComeBack::kWithoutToken: return "without the token";
    case ComeBack::kNever: return "never";
    case ComeBack::kNeverHere: return "never, unless another server serves it now";
    case ComeBack::kNeverUnlessKnown: return "never, unless it was welcomed before";
  }
  return "";
}

std::string Text(Soon soon) {
  switch (soon) {
    case Soon::kBackedOff: return "backed off";
    case Soon::kAsTold: return "as `RetryInfo` says";
    case Soon::kAtOnce: return "at once";
    case Soon::kNever: return "";
  }
  return "";
}

Table OfTheLibrary() {
  Table table;
  for (const StreamVerdict& row : StreamVerdicts()) {
    const Key key(absl::StatusCodeToString(row.code), row.reason);
    EXPECT_TRUE(table.emplace(key, Word(Text(row.come_back), Text(row.soon))).second) << key.second;
  }
  table[{"any other", ""}] = {Text(kAnyOtherEnd.come_back), Text(kAnyOtherEnd.soon)};
  return table;
}

// Of the file's tables the one whose header begins with "status | reason" and ends with
// "come back | how soon".
Table OfTheDocs(const std::string& file) {
  std::ifstream in(std::string(LIVENESS_SOURCE_DIR "/docs/") + file);
  EXPECT_TRUE(in) << file;
  Table table;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> cells;
    for (const absl::string_view cell : absl::StrSplit(line, '|')) {
      cells.emplace_back(absl::StripAsciiWhitespace(cell));
    }
    if (cells.size() < 6) {
      inside = false;
      continue;
    }
    const std::string& come_back = cells[cells.size() - 3];
    const std::string& soon = cells[cells.size() - 2];
    if (come_back == "come back" && soon == "how soon" && cells[1] == "status") {
      inside = true;
    } else if (inside && cells[1] != "---" && cells[1] != "`OK`") {
      const auto bare = [](absl::string_view text) {
        return std::string(absl::StripPrefix(absl::StripSuffix(text, "`"), "`"));
      };
      for (const absl::string_view reason : absl::StrSplit(cells[2], ", ")) {
        table[{bare(cells[1]), bare(reason)}] = {come_back, soon};
      }
    }
  }
  return table;
}

TEST(StreamVerdict, TheDocsSayWhatTheLibraryDoes) {
  EXPECT_EQ(OfTheDocs("errors.md"), OfTheLibrary());
  EXPECT_EQ(OfTheDocs("client.md"), OfTheLibrary());
}

TEST(StreamVerdict, StatusAndReasonCountOnlyTogether) {
  EXPECT_EQ(VerdictOn({absl::StatusCode::kAborted, "SUPERSEDED", "", {}}).come_back, ComeBack::kNever);
  EXPECT_EQ(VerdictOn({absl::StatusCode::kUnavailable, "SUPERSEDED", "", {}}).come_back,
            ComeBack::kWithToken);
  EXPECT_EQ(VerdictOn({absl::StatusCode::kAborted, "", "", {}}).come_back, ComeBack::kWithToken);
  EXPECT_EQ(VerdictOn({absl::StatusCode::kAborted, "NEWER", "", {}}).come_back, ComeBack::kWithToken);
}

}  // namespace
}  // namespace liveness::internal
