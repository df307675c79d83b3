// What the keys do: where the cursor is, what is typed, which order holds. Pure. Not thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/top/fleet.h"
#include "client/cli/top/frame.h"

namespace liveness::cli::top {

struct Key {
  enum class Kind {
    kCharacter,  // `character`
    kUp,
    kDown,
    kPageUp,
    kPageDown,
    kHome,
    kEnd,
    kEnter,
    kEscape,
    kBackspace,
    kClear,    // Ctrl-U
    kRedraw,   // Ctrl-L
    kQuit,     // Ctrl-C
    kSuspend,  // Ctrl-Z
    kOther,
  };
  Kind kind = Kind::kOther;
  std::string character;  // UTF-8
};

class Ui {
 public:
  // What a key asks of others.
  enum class Wish { kNothing, kQuit, kSuspend, kRedraw, kTryFilter, kOpenVerdict };

  explicit Ui(std::string filter) : filter_(std::move(filter)) {}

  // `rows`: those that the last frame showed, all of them; `size` is that frame's.
  Wish Take(const Key& key, const std::vector<const Row*>& rows, Size size);

  // The filter that was tried holds from now on, and a held picture goes on; or the server refused it with
  // `error`.
  void FilterHolds();
  void FilterRefused(std::string error);
  // The verdict that was asked for, line by line.
  void SetText(std::vector<std::string> text) { text_ = std::move(text); }

  // Puts what is the ui's into `view`, whose rows and size are given, and keeps the selection on its client,
  // wherever that has gone.
  void Show(View& view, Size size);

  Mode mode() const { return mode_; }
  SortKey sort() const { return sort_; }
  bool is_paused() const { return paused_; }
  const std::string& filter() const { return filter_; }
  const std::string& draft() const { return draft_; }
  // The client whose verdict is shown, or that the cursor is on; empty: none.
  const std::string& selected_id() const { return selected_id_; }

 private:
  Wish TakeInList(const Key& key, const std::vector<const Row*>& rows, Size size);
  Wish TakeInFilter(const Key& key);
  Wish TakeInText(const Key& key, Size size);
  void Turn(int by);

  Mode mode_ = Mode::kList;
  SortKey sort_ = SortKey::kState;
  bool paused_ = false;
  std::string filter_, draft_, error_;
  // Empty while the cursor has not been moved: then it is on the first row, whichever that is.
  std::string selected_id_;
  bool is_moved_ = false;
  std::size_t selected_ = 0;
  std::size_t first_ = 0;
  std::vector<std::string> text_;
  std::size_t first_line_ = 0;
};

}  // namespace liveness::cli::top
