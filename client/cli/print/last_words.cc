#include "client/cli/print/last_words.h"

#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/print/describe.h"
#include "client/cli/print/describe_evidence.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/proto_text.h"

namespace liveness::cli {
namespace {

// Says why there are no last words, and where there might be some.
std::string NoLastWords(const v1::Client& client) {
  const std::string id = NameText(client.client_id());
  if (client.state() != v1::STATE_DEAD) {
    return absl::StrCat("No last words of ", id, ": it is ", StateText(client.state()),
                        ". They are kept of a client that died without goodbye; those of an earlier\n"
                        "death are in its history: livenessctl transitions ",
                        id, " --filter='to_state = DEAD' -o yaml\n");
  }
  if (client.evidence().has_goodbye()) {
    return absl::StrCat("No last words of ", id, ": it told of its end itself, see livenessctl get ", id,
                        "\n");
  }
  return absl::StrCat("No last words of ", id, ": it left no will and lived too short for a note.\n");
}

std::string ProgressCell(const v1::Note& note) {
  std::string text;
  for (const v1::Progress& each : note.progress()) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", each.name(), " ", RoundedText(each.age()),
                    IsStale(each) ? " STALE" : "");
  }
  return text;
}

std::vector<Cell> Row(const v1::Note& note) {
  // Every process has memory: a note without any told no load.
  const v1::Load& load = note.load();
  const bool told = load.memory_bytes() > 0;
  std::vector<Cell> cells;
  cells.emplace_back(TimeText(FromProto(note.time())));
  cells.emplace_back(note.has_rtt() ? RoundedText(note.rtt()) : "");
  cells.emplace_back(told ? absl::StrFormat("%.0f%%", load.cpu_usage() * 100) : "");
  cells.emplace_back(told ? SizeText(load.memory_bytes()) : "");
  cells.emplace_back(told ? RoundedText(load.scheduling_delay()) : "");
  cells.emplace_back(ProgressCell(note));
  return cells;
}

}  // namespace

std::string DescribeLastWords(const v1::Client& client, common::WallTime now, TableOptions options) {
  const v1::LastWords& words = client.evidence().last_words();
  if (words.will().empty() && words.notes_size() == 0) return NoLastWords(client);
  std::string text = DescribeName(client.client_id());
  text += DescribeLine("Died", MomentText(client.state_time(), now));
  text += DescribeLine("Cause", CauseText(client.cause()));
  text += DescribeLine("Verdict", client.evidence().summary());
  text += DescribeLine("Last heard", MomentText(client.last_heartbeat_time(), now));
  text += DescribeLine("Last will", words.will());
  if (words.notes_size() == 0) return text;
  std::ostringstream table_text;
  Table table(table_text, {"TIME", "RTT", "CPU", "MEMORY", "DELAY", "PROGRESS"}, options);
  for (const v1::Note& note : words.notes()) table.AddRow(Row(note));
  table.Flush();
  return absl::StrCat(text, "\n", table_text.str());
}

}  // namespace liveness::cli
