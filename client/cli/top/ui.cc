#include "client/cli/top/ui.h"

#include <algorithm>
#include <utility>

namespace liveness::cli::top {
namespace {

using Kind = Key::Kind;

// Where `key` moves the one at `at` of `count`; `page` fit on the screen.
std::optional<std::size_t> Moved(const Key& key, std::size_t at, std::size_t count, std::size_t page) {
  const std::size_t last = count == 0 ? 0 : count - 1;
  const bool up = key.kind == Kind::kUp || key.character == "k";
  const bool down = key.kind == Kind::kDown || key.character == "j";
  if (up) return at == 0 ? 0 : at - 1;
  if (down) return std::min(at + 1, last);
  if (key.kind == Kind::kPageUp) return at > page ? at - page : 0;
  if (key.kind == Kind::kPageDown) return std::min(at + page, last);
  if (key.kind == Kind::kHome || key.character == "g") return 0;
  if (key.kind == Kind::kEnd || key.character == "G") return last;
  return std::nullopt;
}

void DropLast(std::string& text) {
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) text.pop_back();
  if (!text.empty()) text.pop_back();
}

}  // namespace

Ui::Wish Ui::Take(const Key& key, const std::vector<const Row*>& rows, Size size) {
  switch (key.kind) {
    case Kind::kQuit: return Wish::kQuit;
    case Kind::kSuspend: return Wish::kSuspend;
    case Kind::kRedraw: return Wish::kRedraw;
    default: break;
  }
  switch (mode_) {
    case Mode::kList: return TakeInList(key, rows, size);
    case Mode::kFilter: return TakeInFilter(key);
    case Mode::kVerdict: return TakeInText(key, size);
    case Mode::kHelp: mode_ = Mode::kList; return key.character == "q" ? Wish::kQuit : Wish::kNothing;
  }
  return Wish::kNothing;
}

void Ui::Turn(int by) {
  sort_ = static_cast<SortKey>((static_cast<int>(sort_) + by + kSortKeys) % kSortKeys);
  // A new order is read from its beginning.
  is_moved_ = false;
  selected_id_.clear();
  selected_ = first_ = 0;
}

Ui::Wish Ui::TakeInList(const Key& key, const std::vector<const Row*>& rows, Size size) {
  if (const auto moved = Moved(key, selected_, rows.size(), std::max<std::size_t>(RoomFor(mode_, size), 1))) {
    if (rows.empty()) return Wish::kNothing;
    selected_ = *moved;
    selected_id_ = rows[selected_]->id;
    is_moved_ = selected_ > 0;
    return Wish::kNothing;
  }
  if (key.kind == Kind::kEnter && selected_ < rows.size()) {
    mode_ = Mode::kVerdict;
    selected_id_ = rows[selected_]->id;
    is_moved_ = true;
    first_line_ = 0;
    text_.clear();
    return Wish::kOpenVerdict;
  }
  if (key.kind != Kind::kCharacter) return Wish::kNothing;
  if (key.character == "q") return Wish::kQuit;
  if (key.character == "/") {
    mode_ = Mode::kFilter;
    draft_ = filter_;
    error_.clear();
  } else if (key.character == "s") {
    Turn(1);
  } else if (key.character == "S") {
    Turn(-1);
  } else if (key.character == "p" || key.character == " ") {
    paused_ = !paused_;
  } else if (key.character == "?" || key.character == "h") {
    mode_ = Mode::kHelp;
  }
  return Wish::kNothing;
}

Ui::Wish Ui::TakeInFilter(const Key& key) {
  switch (key.kind) {
    case Kind::kEscape: mode_ = Mode::kList; break;
    case Kind::kEnter: return Wish::kTryFilter;
    case Kind::kBackspace:
      DropLast(draft_);
      error_.clear();
      break;
    case Kind::kClear:
      draft_.clear();
      error_.clear();
      break;
    case Kind::kCharacter:
      draft_ += key.character;
      error_.clear();
      break;
    default: break;
  }
  return Wish::kNothing;
}

Ui::Wish Ui::TakeInText(const Key& key, Size size) {
  if (key.kind == Kind::kEscape || key.kind == Kind::kEnter || key.kind == Kind::kBackspace) {
    mode_ = Mode::kList;
    return Wish::kNothing;
  }
  if (key.character == "q") return Wish::kQuit;
  const std::size_t room = std::max<std::size_t>(RoomFor(mode_, size), 1);
  // The first line moves, as far as the last page.
  const std::size_t places = text_.size() > room ? text_.size() - room + 1 : 1;
  if (const auto moved = Moved(key, first_line_, places, room)) first_line_ = *moved;
  return Wish::kNothing;
}

void Ui::FilterHolds() {
  filter_ = draft_;
  mode_ = Mode::kList;
  paused_ = false;
  is_moved_ = false;
  selected_id_.clear();
  selected_ = first_ = 0;
}

void Ui::FilterRefused(std::string error) { error_ = std::move(error); }

void Ui::Show(View& view, Size size) {
  const std::vector<const Row*>& rows = view.rows;
  if (is_moved_) {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [this](const Row* row) { return row->id == selected_id_; });
    if (found != rows.end()) selected_ = static_cast<std::size_t>(found - rows.begin());
  } else {
    selected_ = 0;
  }
  selected_ = std::min(selected_, rows.empty() ? 0 : rows.size() - 1);
  if (mode_ != Mode::kVerdict) selected_id_ = rows.empty() ? std::string() : rows[selected_]->id;
  const std::size_t room =
      std::max<std::size_t>(RoomFor(mode_ == Mode::kFilter ? mode_ : Mode::kList, size), 1);
  if (selected_ < first_) first_ = selected_;
  if (selected_ >= first_ + room) first_ = selected_ - room + 1;
  if (first_ + room > rows.size()) first_ = rows.size() > room ? rows.size() - room : 0;
  const std::size_t page = std::max<std::size_t>(RoomFor(mode_, size), 1);
  first_line_ = std::min(first_line_, text_.size() > page ? text_.size() - page : 0);
  view.mode = mode_;
  view.sort = sort_;
  view.is_paused = paused_;
  view.filter = filter_;
  view.draft = draft_;
  view.error = error_;
  view.selected = selected_;
  view.first = first_;
  view.text = text_;
  view.first_line = first_line_;
}

}  // namespace liveness::cli::top
