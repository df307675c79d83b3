#include "client/cli/top/screen.h"

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

// The wide functions; before any other of its headers.
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/cli/print/display_text.h"

// curses.h has macros of these names.
#undef OK
#undef tab
#undef lines
#undef columns

namespace liveness::cli::top {
namespace {

constexpr short kGood = 1, kWarning = 2, kBad = 3;
// How long the rest of an escape sequence may take to come after its ESC, so that ESC alone is a key.
constexpr int kEscapeMs = 50;

constexpr int Control(char letter) { return letter & 0x1F; }

attr_t AttributeOf(const Piece& piece, bool color, short& pair) {
  pair = 0;
  attr_t attribute = piece.is_reverse ? A_REVERSE : A_NORMAL;
  switch (piece.style) {
    case Style::kPlain: break;
    case Style::kFaint: attribute |= A_DIM; break;
    case Style::kGood: pair = kGood; break;
    case Style::kWarning: pair = kWarning; break;
    case Style::kBad:
      pair = kBad;
      attribute |= A_BOLD;
      break;
  }
  if (!color) pair = 0;
  return attribute;
}

// `text` as curses takes it. Not by the C library, whose locale may be another than UTF-8.
std::wstring Wide(std::string_view text) {
  std::wstring wide;
  while (!text.empty()) {
    const auto c = TakeCharacter(text);
    if (!c) text.remove_prefix(1);
    wide.push_back(static_cast<wchar_t>(c.value_or(U'?')));
  }
  return wide;
}

// UTF-8 of one character.
std::string Utf8(char32_t c) {
  std::string text;
  if (c < 0x80) {
    text.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    text.push_back(static_cast<char>(0xC0U | (c >> 6U)));
  } else {
    if (c < 0x10000) {
      text.push_back(static_cast<char>(0xE0U | (c >> 12U)));
    } else {
      text.push_back(static_cast<char>(0xF0U | (c >> 18U)));
      text.push_back(static_cast<char>(0x80U | ((c >> 12U) & 0x3FU)));
    }
    text.push_back(static_cast<char>(0x80U | ((c >> 6U) & 0x3FU)));
  }
  if (c >= 0x80) text.push_back(static_cast<char>(0x80U | (c & 0x3FU)));
  return text;
}

Key KeyOfCode(wint_t code) {
  switch (code) {
    case KEY_UP: return {Key::Kind::kUp, ""};
    case KEY_DOWN: return {Key::Kind::kDown, ""};
    case KEY_PPAGE: return {Key::Kind::kPageUp, ""};
    case KEY_NPAGE: return {Key::Kind::kPageDown, ""};
    case KEY_HOME: return {Key::Kind::kHome, ""};
    case KEY_END: return {Key::Kind::kEnd, ""};
    case KEY_ENTER: return {Key::Kind::kEnter, ""};
    case KEY_BACKSPACE: return {Key::Kind::kBackspace, ""};
    default: return {};
  }
}

Key KeyOfCharacter(wint_t c) {
  switch (c) {
    case '\r':
    case '\n': return {Key::Kind::kEnter, ""};
    case 0x1B: return {Key::Kind::kEscape, ""};
    case 0x7F:
    case Control('H'): return {Key::Kind::kBackspace, ""};
    case Control('U'): return {Key::Kind::kClear, ""};
    case Control('L'): return {Key::Kind::kRedraw, ""};
    case Control('C'): return {Key::Kind::kQuit, ""};
    case Control('Z'): return {Key::Kind::kSuspend, ""};
    default: break;
  }
  if (c < 0x20) return {};
  return {Key::Kind::kCharacter, Utf8(static_cast<char32_t>(c))};
}

// Names and the ellipsis need UTF-8, whatever the locale says of dates and the like.
void SetUtf8() {
  setlocale(LC_ALL, "");
  if (std::strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
}

void SetModes(bool color) {
  raw();  // Ctrl-C and Ctrl-Z are keys
  noecho();
  nonl();
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  curs_set(0);
  if (!color || start_color() == ERR) return;
  use_default_colors();
  init_pair(kGood, COLOR_GREEN, -1);
  init_pair(kWarning, COLOR_YELLOW, -1);
  init_pair(kBad, COLOR_RED, -1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Screen>> Screen::Open(bool color) {
  constexpr char kInstead[] = "; livenessctl list and watch write lines";
  if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1) {
    return absl::FailedPreconditionError(absl::StrCat("top needs a terminal", kInstead));
  }
  SetUtf8();
  const char* term = std::getenv("TERM");
  int error = 0;
  const bool is_known = setupterm(nullptr, STDOUT_FILENO, &error) == 0;
  const bool moves_cursor =
      is_known && tigetstr("cup") != nullptr && tigetstr("cup") != reinterpret_cast<char*>(-1);
  if (is_known) del_curterm(cur_term);  // initscr() takes one of its own
  if (!moves_cursor) {
    return absl::FailedPreconditionError(absl::StrCat("top cannot draw on the terminal ",
                                                      term == nullptr ? "that has no TERM" : Printable(term),
                                                      kInstead));
  }
  set_escdelay(kEscapeMs);
  if (initscr() == nullptr)
    return absl::FailedPreconditionError(absl::StrCat("top cannot draw here", kInstead));
  SetModes(color);
  return std::unique_ptr<Screen>(new Screen(color && has_colors()));
}

Screen::~Screen() { endwin(); }

Size Screen::size() const {
  return {static_cast<std::size_t>(getmaxx(stdscr)), static_cast<std::size_t>(getmaxy(stdscr))};
}

void Screen::Draw(const Frame& frame) {
  erase();
  for (std::size_t i = 0; i < frame.lines.size(); ++i) {
    move(static_cast<int>(i), 0);
    for (const Piece& piece : frame.lines[i]) {
      short pair = 0;
      const attr_t attribute = AttributeOf(piece, color_, pair);
      attr_set(attribute, pair, nullptr);
      addwstr(Wide(piece.text).c_str());
    }
  }
  attr_set(A_NORMAL, 0, nullptr);
  curs_set(frame.cursor ? 1 : 0);
  if (frame.cursor) move(static_cast<int>(frame.cursor->first), static_cast<int>(frame.cursor->second));
  refresh();
}

void Screen::Redraw() { clearok(stdscr, TRUE); }

void Screen::Resize() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return;
  resizeterm(size.ws_row, size.ws_col);
  clearok(stdscr, TRUE);
}

void Screen::Suspend() {
  endwin();
  raise(SIGSTOP);
  Resize();
  refresh();
}

std::optional<Key> Screen::ReadKey() {
  wint_t code = 0;
  switch (get_wch(&code)) {
    case ERR: return std::nullopt;
    case KEY_CODE_YES: return KeyOfCode(code);
    default: return KeyOfCharacter(code);
  }
}

}  // namespace liveness::cli::top
