#include "client/cli/top/frame.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/proto_text.h"
#include "common/duration_text.h"
#include "common/saturating.h"

namespace liveness::cli::top {
namespace {

constexpr std::size_t kHeaderLines = 3;  // server, counts, columns
constexpr std::size_t kPromptLines = 3;
constexpr std::size_t kGap = 2;
constexpr std::size_t kLeastName = 12;
constexpr std::size_t kMostName = 60;

constexpr const char* kHelp[] = {
    "Up, Down, k, j        the client above, below",
    "PgUp, PgDn, g, G      a page; the first, the last",
    "Enter                 its verdict and evidence; Esc goes back",
    "/                     only what matches an AIP-160 filter: state = DEAD AND labels.zone = \"eu-*\"",
    "s, S                  the next order, the one before: state, name, last change, rtt, heartbeat",
    "p, Space              hold the picture; again: go on",
    "Ctrl-L                draw anew",
    "q, Ctrl-C             end",
    "",
    "+ ALIVE   ? SUSPECT   x DEAD   - LEFT   ! STALLED   m MAINTENANCE",
    "RTT and LAST (heartbeat) are asked for every two seconds, for the rows that are shown.",
};

// A mark beside the colour, for those who see none.
const char* MarkOf(const Row& row) {
  if (row.health == v1::HEALTH_MAINTENANCE) return "m";
  switch (row.state) {
    case v1::STATE_ALIVE: return row.health == v1::HEALTH_STALLED ? "!" : "+";
    case v1::STATE_SUSPECT: return "?";
    case v1::STATE_DEAD: return "x";
    case v1::STATE_LEFT: return "-";
    default: return " ";
  }
}

struct Column {
  const char* title;
  std::size_t width;
  int importance;  // the least important one goes first where there is no room
};

enum { kState, kHealth, kCause, kAge, kRtt, kLast, kColumns };
constexpr Column kColumn[kColumns] = {{"STATE", 7, 0}, {"HEALTH", 11, 5}, {"CAUSE", 19, 2},
                                      {"AGE", 6, 1},   {"RTT", 6, 4},     {"LAST", 6, 3}};

struct Layout {
  std::size_t name = 0;
  bool shows[kColumns] = {};
};

Layout LayOut(std::size_t width, std::size_t widest_name) {
  constexpr std::size_t kMark = 2;
  Layout layout;
  std::size_t used = kMark + kLeastName;
  for (int importance = 0; importance < kColumns; ++importance) {
    for (int i = 0; i < kColumns; ++i) {
      if (kColumn[i].importance != importance || used + kGap + kColumn[i].width > width) continue;
      layout.shows[i] = true;
      used += kGap + kColumn[i].width;
    }
  }
  const std::size_t rest = used - kMark - kLeastName + kMark;
  const std::size_t room = width > rest ? width - rest : 1;
  layout.name = std::min(room, std::clamp(widest_name, kLeastName, kMostName));
  return layout;
}

std::string CellText(const Row& row, int column, common::WallTime now) {
  switch (column) {
    case kState: return StateText(row.state);
    case kHealth: return HealthText(row.health);
    case kCause: return CauseText(row.cause);
    case kAge: return common::FormatAge(common::SaturatingSub(now, row.state_time));
    case kRtt: return row.rtt ? common::FormatForPeople(*row.rtt) : std::string();
    case kLast:
      return row.last_heartbeat ? SpanText(common::SaturatingSub(now, *row.last_heartbeat)) : std::string();
    default: return "";
  }
}

Style StyleOf(const Row& row, int column) {
  if (column == kState) return StateStyle(row.state);
  return column == kHealth ? HealthStyle(row.health) : Style::kPlain;
}

Line RowLine(const Row& row, const Layout& layout, common::WallTime now, bool is_selected, bool is_faint) {
  Line line;
  const auto add = [&](std::string text, Style style) {
    line.push_back({std::move(text), is_faint ? Style::kFaint : style, is_selected});
  };
  add(absl::StrCat(MarkOf(row), " "), StateStyle(row.state));
  add(Fitted(ListedName(row.id), layout.name), Style::kPlain);
  for (int i = 0; i < kColumns; ++i) {
    if (!layout.shows[i]) continue;
    add(std::string(kGap, ' '), Style::kPlain);
    add(Fitted(CellText(row, i, now), kColumn[i].width), StyleOf(row, i));
  }
  return line;
}

Line ColumnsLine(const Layout& layout, std::size_t width) {
  std::string text = "  " + Fitted("NAME", layout.name);
  for (int i = 0; i < kColumns; ++i) {
    if (layout.shows[i])
      absl::StrAppend(&text, std::string(kGap, ' '), Fitted(kColumn[i].title, kColumn[i].width));
  }
  return {{Fitted(text, width), Style::kPlain, true}};
}

// `pieces` cut so that they are no wider than `width`.
Line CutLine(const Line& pieces, std::size_t width) {
  Line line;
  for (const Piece& piece : pieces) {
    const std::size_t wide = DisplayWidth(piece.text);
    if (wide > width) {
      if (width > 0) line.push_back({Fitted(piece.text, width), piece.style, piece.is_reverse});
      return line;
    }
    line.push_back(piece);
    width -= wide;
  }
  return line;
}

Line ServerLine(const View& view) {
  std::string state;
  if (!view.is_connected) {
    state = view.trouble.empty() ? "connecting" : absl::StrCat("NOT CONNECTED: ", view.trouble);
    return {{Printable(view.server) + "  ", Style::kPlain}, {Printable(state), Style::kBad}};
  }
  const common::Duration old = common::SaturatingSub(view.now, view.heard);
  Line line = {
      {Printable(view.server), Style::kPlain},
      {absl::StrCat("  as of ", TimeText(view.heard).substr(11, 8), " (",
                    SpanText(std::max(old, common::Duration::zero())), " ago), revision ", view.revision),
       Style::kFaint}};
  // Before what may be cut off on a narrow screen.
  if (!view.notice.empty()) line.insert(line.begin() + 1, {"  " + Printable(view.notice), Style::kBad});
  return line;
}

Line CountsLine(const View& view) {
  if (!view.is_complete) return {{"reading who is there", Style::kFaint}};
  Line line;
  const auto add = [&](const char* mark, std::size_t count, v1::State state) {
    const Style style = !view.is_connected || count == 0 ? Style::kFaint : StateStyle(state);
    line.push_back({absl::StrCat(mark, " ", count, " ", StateText(state), "  "), style});
  };
  add("+", view.alive, v1::STATE_ALIVE);
  add("?", view.suspect, v1::STATE_SUSPECT);
  add("x", view.dead, v1::STATE_DEAD);
  add("-", view.left, v1::STATE_LEFT);
  if (view.is_paused) line.push_back({"PAUSED  ", Style::kWarning});
  line.push_back({absl::StrCat(view.changes_per_minute, view.changes_per_minute == 1 ? " change" : " changes",
                               "/min  by ", SortName(view.sort)),
                  Style::kPlain});
  if (!view.filter.empty()) line.push_back({"  where " + Printable(view.filter), Style::kPlain});
  return line;
}

// N of `... column N ...`; 0: there is none.
std::size_t ColumnIn(const std::string& error) {
  constexpr std::string_view kWord = "column ";
  const std::size_t found = error.find(kWord);
  std::size_t column = 0;
  for (std::size_t i = found + kWord.size(); found != std::string::npos && i < error.size() &&
                                             std::isdigit(static_cast<unsigned char>(error[i])) != 0;
       ++i) {
    column = column * 10 + static_cast<std::size_t>(error[i] - '0');
  }
  return column;
}

// The prompt, below it a caret at the error's column, and the error, or the keys.
void AddPrompt(const View& view, Size size, Frame& frame) {
  const std::string draft = Printable(view.draft);
  const std::size_t width = DisplayWidth(draft);
  // Of a long filter its end is seen, where one types.
  std::string shown = draft;
  while (DisplayWidth(shown) + 2 > size.width && !shown.empty()) (void)TakeFirst(shown);
  const std::size_t hidden = width - DisplayWidth(shown);
  frame.lines.push_back({{absl::StrCat("/", shown), Style::kPlain}});
  frame.cursor = {frame.lines.size() - 1, 1 + DisplayWidth(shown)};
  if (view.error.empty()) {
    frame.lines.emplace_back();
    frame.lines.push_back({{"Enter applies it, Esc leaves it, Ctrl-U empties it", Style::kFaint}});
    return;
  }
  const std::size_t column = ColumnIn(view.error);
  const std::size_t at = column > hidden ? column - hidden : 0;
  frame.lines.push_back({{at > 0 ? std::string(at, ' ') + "^" : "", Style::kBad}});
  frame.lines.push_back({{Printable(view.error), Style::kBad}});
}

void AddText(const std::vector<std::string>& text, std::size_t first, std::size_t room, bool is_faint,
             Frame& frame) {
  for (std::size_t i = 0; i < room && first + i < text.size(); ++i) {
    frame.lines.push_back({{text[first + i], is_faint ? Style::kFaint : Style::kPlain}});
  }
}

std::string KeysOf(const View& view) {
  switch (view.mode) {
    case Mode::kList: return "Enter verdict  / filter  s order  p pause  ? help  q end";
    case Mode::kVerdict: return "Esc back  Up, Down  q end";
    case Mode::kHelp: return "any key: back";
    case Mode::kFilter: return "";
  }
  return "";
}

void AddRows(const View& view, Size size, Frame& frame) {
  const std::size_t room = RoomFor(view.mode, size);
  std::size_t widest = 0;
  const std::size_t end = std::min(view.rows.size(), view.first + room);
  for (std::size_t i = view.first; i < end; ++i)
    widest = std::max(widest, DisplayWidth(ListedName(view.rows[i]->id)));
  const Layout layout = LayOut(size.width, widest);
  frame.lines.push_back(ColumnsLine(layout, size.width));
  for (std::size_t i = view.first; i < end; ++i) {
    frame.lines.push_back(RowLine(*view.rows[i], layout, view.now, i == view.selected, !view.is_connected));
  }
  if (view.rows.empty() && view.is_complete && room > 0) {
    frame.lines.push_back(
        {{view.filter.empty() ? "No clients are known." : "No clients match the filter.", Style::kFaint}});
  }
}

}  // namespace

std::string TakeFirst(std::string& text) {
  std::string_view rest = text;
  if (!TakeCharacter(rest)) rest.remove_prefix(1);
  std::string first = text.substr(0, text.size() - rest.size());
  text.erase(0, first.size());
  return first;
}

std::string Fitted(const std::string& text, std::size_t width) {
  const std::size_t wide = DisplayWidth(text);
  if (wide <= width) return text + std::string(width - wide, ' ');
  std::string rest = text, cut;
  std::size_t used = 0;
  while (!rest.empty()) {
    const std::string next = TakeFirst(rest);
    const std::size_t more = DisplayWidth(next);
    if (used + more + 1 > width) break;
    cut += next;
    used += more;
  }
  if (width > used) {
    cut += "…";
    ++used;
  }
  return cut + std::string(width - used, ' ');
}

std::size_t RoomFor(Mode mode, Size size) {
  const std::size_t prompt = mode == Mode::kFilter ? kPromptLines : 1;
  const std::size_t header = mode == Mode::kList || mode == Mode::kFilter ? kHeaderLines : kHeaderLines - 1;
  return size.height > header + prompt ? size.height - header - prompt : 0;
}

Frame BuildFrame(const View& view, Size size) {
  Frame frame;
  frame.lines.push_back(ServerLine(view));
  frame.lines.push_back(CountsLine(view));
  const std::size_t room = RoomFor(view.mode, size);
  switch (view.mode) {
    case Mode::kList:
    case Mode::kFilter: AddRows(view, size, frame); break;
    case Mode::kVerdict: AddText(view.text, view.first_line, room, !view.is_connected, frame); break;
    case Mode::kHelp: AddText({std::begin(kHelp), std::end(kHelp)}, 0, room, false, frame); break;
  }
  const std::size_t footer = view.mode == Mode::kFilter ? kPromptLines : 1;
  while (frame.lines.size() + footer < size.height) frame.lines.emplace_back();
  if (view.mode == Mode::kFilter) {
    AddPrompt(view, size, frame);
  } else {
    frame.lines.push_back({{KeysOf(view), Style::kFaint}});
  }
  frame.lines.resize(size.height);
  if (frame.cursor && frame.cursor->first >= size.height) frame.cursor.reset();
  for (Line& line : frame.lines) line = CutLine(line, size.width);
  return frame;
}

}  // namespace liveness::cli::top
