#include "client/cli/print/watch_printer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/document/field_text.h"
#include "client/cli/print/document/json_text.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/message.h"
#include "client/cli/print/name_line.h"
#include "client/cli/print/proto_text.h"
#include "common/duration_text.h"

namespace liveness::cli {
namespace {

// The column of names grows with them up to this. A longer name shifts the rest of its own line only.
constexpr std::size_t kMaxNameWidth = 40;
constexpr std::size_t kChangeWidth = 19;  // ALIVE OK -> STALLED
constexpr std::size_t kCauseWidth = 19;   // APPLICATION_STALLED

std::string Padded(const std::string& text, std::size_t text_width, std::size_t width) {
  return text + std::string(width > text_width ? width - text_width : 0, ' ');
}

// What explains the last change. If the client flaps, that comes first.
std::string Sentence(const v1::Evidence& evidence, bool flapping) {
  if (!flapping) return evidence.summary();
  return absl::StrCat("flapping", evidence.summary().empty() ? "" : ": ", evidence.summary());
}

}  // namespace

std::string ChangeText(const v1::Transition& transition, bool color) {
  const auto state = [&](v1::State s) { return Styled(StateText(s), StateStyle(s), color); };
  if (transition.from_state() == v1::STATE_UNSPECIFIED)
    return absl::StrCat("NEW -> ", state(transition.to_state()));
  if (transition.from_state() != transition.to_state()) {
    return absl::StrCat(state(transition.from_state()), " -> ", state(transition.to_state()));
  }
  if (transition.from_health() != transition.to_health()) {
    const std::string health =
        Styled(HealthText(transition.to_health()), HealthStyle(transition.to_health()), color);
    return absl::StrCat(state(transition.to_state()), " ", HealthText(transition.from_health()), " -> ",
                        health);
  }
  return absl::StrCat(state(transition.to_state()), " changed");
}

std::string GapJson(std::uint64_t after_revision, std::uint64_t resumes_at_revision) {
  return absl::StrCat("{\"gap\": {\"after_revision\": \"", after_revision, "\", \"resumes_at_revision\": \"",
                      resumes_at_revision, "\"}}");
}

WatchPrinter::WatchPrinter(const GlobalSettings& global, Terminal& terminal)
    : global_(global), output_(global.output), terminal_(terminal) {}

bool WatchPrinter::Structured(std::string_view key, const google::protobuf::Message& message) {
  if (output_ == OutputFormat::kJson) {
    terminal_.out << "{\"" << key << "\": " << ToJsonLine(message) << '}' << std::endl;
  } else if (output_ == OutputFormat::kYaml) {
    terminal_.out << "---\n" << key << ":\n" << ToYaml(message, 2) << std::flush;
  }
  return IsDocument(output_);
}

bool WatchPrinter::StructuredText(const std::string& json) {
  if (!IsDocument(output_)) return false;
  terminal_.out << (output_ == OutputFormat::kYaml ? "---\n" : "") << json << std::endl;
  return true;
}

std::string WatchPrinter::Quoted(const std::string& text) const {
  return output_ == OutputFormat::kYaml ? QuotedYaml(text) : QuotedJson(text);
}

void WatchPrinter::Note(const std::string& text) {
  if (output_ == OutputFormat::kName) return;
  terminal_.out << Styled("# " + text, Style::kFaint, terminal_.color) << std::endl;
}

void WatchPrinter::Line(const std::string& time, const std::string& client_id, const std::string& change,
                        std::size_t change_width, const std::string& cause, const std::string& sentence) {
  const std::string name = ListedName(client_id);
  const std::size_t width = DisplayWidth(name);
  name_width_ = std::max(name_width_, std::min(width, kMaxNameWidth));
  std::string line = absl::StrCat(time, "  ", Padded(name, width, name_width_), "  ",
                                  Padded(change, change_width, kChangeWidth), "  ",
                                  Padded(cause, cause.size(), kCauseWidth), "  ", Printable(sentence));
  line.erase(line.find_last_not_of(' ') + 1);
  terminal_.out << line << std::endl;
}

void WatchPrinter::Client(const v1::Client& client) {
  if (Structured("client", client)) return;
  if (output_ == OutputFormat::kName) {
    PrintName(client.name(), global_, terminal_);
    terminal_.out.flush();
    return;
  }
  std::string change = StateText(client.state());
  std::size_t width = change.size();
  change = Styled(change, StateStyle(client.state()), terminal_.color);
  if (client.health() == v1::HEALTH_STALLED || client.health() == v1::HEALTH_MAINTENANCE) {
    const std::string health = HealthText(client.health());
    width += 1 + health.size();
    change += " " + Styled(health, HealthStyle(client.health()), terminal_.color);
  }
  std::string sentence = Sentence(client.evidence(), client.flapping());
  if (output_ == OutputFormat::kWide) {
    absl::StrAppend(&sentence, sentence.empty() ? "" : " ", "[incarnation ", client.incarnation(),
                    ", revision ", client.revision(), ", server ", client.server_id(), "]");
  }
  Line(TimeText(FromProto(client.state_time())), client.client_id(), change, width, CauseText(client.cause()),
       sentence);
}

void WatchPrinter::SnapshotDone(std::uint64_t clients, std::uint64_t revision,
                                const std::string& history_id) {
  if (StructuredText(absl::StrCat("{\"snapshot_done\": {\"clients\": ", clients, ", \"revision\": \"",
                                  revision, "\", \"history_id\": ", Quoted(history_id), "}}"))) {
    return;
  }
  Note(absl::StrCat("snapshot of ", CountText(static_cast<std::int64_t>(clients), "client"),
                    " complete at revision ", revision, "; what follows happens from now on"));
}

void WatchPrinter::Transition(const v1::Transition& transition) {
  if (Structured("transition", transition)) return;
  if (output_ == OutputFormat::kName) {
    PrintName(ClientName(transition.client_id()), global_, terminal_);
    terminal_.out.flush();
    return;
  }
  std::string sentence = Sentence(transition.evidence(), transition.client().flapping());
  if (output_ == OutputFormat::kWide) {
    absl::StrAppend(&sentence, sentence.empty() ? "" : " ", "[incarnation ", transition.incarnation(),
                    ", revision ", transition.revision(), ", server ", transition.client().server_id(), "]");
  }
  Line(TimeText(FromProto(transition.time())), transition.client_id(),
       ChangeText(transition, terminal_.color), ChangeText(transition, false).size(),
       CauseText(transition.cause()), sentence);
}

void WatchPrinter::Group(const v1::GroupEvent& group) {
  if (Structured("group", group)) return;
  if (output_ == OutputFormat::kName) return;
  const std::string change = "MASS FAILURE";
  std::string sentence =
      absl::StrCat(group.affected_count(), " of ", group.member_count(), " clients fell together");
  if (output_ == OutputFormat::kWide) absl::StrAppend(&sentence, " [revision ", group.revision(), "]");
  Line(TimeText(FromProto(group.time())), group.scope(), Styled(change, Style::kBad, terminal_.color),
       change.size(), "", sentence);
}

void WatchPrinter::Gap(std::uint64_t after_revision, std::uint64_t resumes_at_revision,
                       std::string_view why) {
  if (StructuredText(GapJson(after_revision, resumes_at_revision))) return;
  const std::string text =
      absl::StrCat("# GAP: what happened after revision ", after_revision, " is lost", std::string(why),
                   "; forget what stands above, all clients follow anew");
  terminal_.out << Styled(text, Style::kBad, terminal_.color) << std::endl;
}

void WatchPrinter::Disconnected(const std::string& why, std::uint64_t revision) {
  const std::string time = TimeText(terminal_.clock.Wall());
  if (StructuredText(absl::StrCat("{\"disconnected\": {\"revision\": \"", revision, "\", \"time\": \"", time,
                                  "\", \"why\": ", Quoted(why), "}}"))) {
    return;
  }
  Note(absl::StrCat("disconnected at ", time, " after revision ", revision, ": ", why,
                    "; nothing is known from here on"));
}

void WatchPrinter::Resumed(const std::string& server, common::Duration away, std::uint64_t revision) {
  if (StructuredText(absl::StrCat("{\"resumed\": {\"after_revision\": \"", revision, "\", \"away\": \"",
                                  common::FormatDuration(std::chrono::floor<std::chrono::milliseconds>(away)),
                                  "\"}}"))) {
    return;
  }
  Note(absl::StrCat("resumed at ", server, " after ", common::FormatForPeople(away), ", from revision ",
                    revision, "; what happened meanwhile follows"));
}

}  // namespace liveness::cli
