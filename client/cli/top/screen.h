// The terminal as a whole, by ncurses: the only file that knows it. One at a time, for one thread.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "client/cli/top/frame.h"
#include "client/cli/top/ui.h"

namespace liveness::cli::top {

class Screen {
 public:
  // Takes the terminal over. FAILED_PRECONDITION, with a sentence, if stdin and stdout are no terminal, or
  // one that cannot place its cursor. `color`: false for attributes alone.
  static absl::StatusOr<std::unique_ptr<Screen>> Open(bool color);
  // Leaves the terminal as it was.
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  Size size() const;
  void Draw(const Frame& frame);
  // The next draw writes everything.
  void Redraw();
  // The terminal has another size.
  void Resize();
  // Gives the terminal back, stops this process until it is continued, and takes the terminal again.
  void Suspend();
  // A key that was pressed; none if there is none.
  std::optional<Key> ReadKey();

 private:
  explicit Screen(bool color) : color_(color) {}

  const bool color_;
};

}  // namespace liveness::cli::top
