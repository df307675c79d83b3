// What is on the screen, as lines of styled text. Pure: ncurses is in screen.h alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/print/table.h"
#include "client/cli/top/fleet.h"
#include "common/clock.h"

namespace liveness::cli::top {

struct Piece {
  std::string text;  // fit for a terminal
  Style style = Style::kPlain;
  bool is_reverse = false;
};
using Line = std::vector<Piece>;

struct Frame {
  std::vector<Line> lines;  // as many as the screen is high, none wider than it
  std::optional<std::pair<std::size_t, std::size_t>> cursor;  // line and column; none: hidden
};

struct Size {
  std::size_t width = 80;
  std::size_t height = 24;
};

enum class Mode { kList, kFilter, kVerdict, kHelp };

// What a frame shows.
struct View {
  std::string server;
  bool is_connected = false;
  std::string trouble;       // why it is not connected; empty: not yet told
  common::WallTime now{};    // on the server's clock
  common::WallTime heard{};  // when the watch last said something, on the same
  std::uint64_t revision = 0;
  std::string notice;        // of a mass failure; empty: there was none lately
  bool is_complete = false;  // false: the first snapshot is still being read
  std::size_t alive = 0, suspect = 0, dead = 0, left = 0;
  std::size_t changes_per_minute = 0;
  SortKey sort = SortKey::kState;
  bool is_paused = false;
  std::string filter;

  Mode mode = Mode::kList;
  std::vector<const Row*> rows;   // all, in order
  std::size_t selected = 0;       // of rows
  std::size_t first = 0;          // of rows: the first that is shown
  std::string draft;              // kFilter: what was typed
  std::string error;              // kFilter: what the server said of it; may name its `column N`
  std::vector<std::string> text;  // kVerdict: its lines
  std::size_t first_line = 0;     // of text: the first that is shown
};

// How many rows of the list, or lines of a text, fit.
std::size_t RoomFor(Mode mode, Size size);

Frame BuildFrame(const View& view, Size size);

// The first character of `text`, which is taken off it. REQUIRES: `text` is not empty.
std::string TakeFirst(std::string& text);

// `text` cut to `width` columns, with an ellipsis where something is missing, or padded with spaces.
// REQUIRES: `text` went through Printable.
std::string Fitted(const std::string& text, std::size_t width);

}  // namespace liveness::cli::top
