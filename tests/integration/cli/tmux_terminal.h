// A terminal with somebody at it: a tmux of the test's own, which types and looks at the screen. Header only.
#pragma once

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/cli/cli_process.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {

class TmuxTerminal {
 public:
  static bool IsInstalled() { return access(kTmux, X_OK) == 0; }

  // Runs `command`, a line of the shell, in a terminal of that size.
  explicit TmuxTerminal(const std::string& command, int width = 100, int height = 24)
      : server_(kTmux, {"-u", "-f", "/dev/null", "-S", socket(), "-D"}) {
    EXPECT_TRUE(Eventually([this] { return access(socket().c_str(), F_OK) == 0; }));
    Tmux({"new-session", "-d", "-x", std::to_string(width), "-y", std::to_string(height), command});
  }
  ~TmuxTerminal() { Tmux({"kill-server"}); }
  TmuxTerminal(const TmuxTerminal&) = delete;
  TmuxTerminal& operator=(const TmuxTerminal&) = delete;

  // As tmux names keys: "Down", "Enter", "C-c", or a text that is typed.
  void Press(const std::string& keys) { Tmux({"send-keys", keys}); }
  void Resize(int width, int height) {
    Tmux({"resize-window", "-x", std::to_string(width), "-y", std::to_string(height)});
  }
  // What is on the screen, line by line; `with_colours`: with the codes for them.
  std::string Screen(bool with_colours = false) {
    std::vector<std::string> args = {"capture-pane", "-p"};
    if (with_colours) args.emplace_back("-e");
    return Tmux(args);
  }
  bool Shows(const std::string& text) {
    return Eventually([&] { return Screen().find(text) != std::string::npos; });
  }
  bool Loses(const std::string& text) {
    return Eventually([&] { return Screen().find(text) == std::string::npos; });
  }
  // The process that the shell runs now; 0: none.
  pid_t Foreground() {
    const std::string shell = Tmux({"display-message", "-p", "#{pane_pid}"});
    const std::string pid = shell.substr(0, shell.find('\n'));
    std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
    pid_t child = 0;
    children >> child;
    return child;
  }

 private:
  static constexpr char kTmux[] = "/usr/bin/tmux";

  std::string socket() const { return directory_.file("tmux"); }
  std::string Tmux(std::vector<std::string> args) {
    args.insert(args.begin(), {"-u", "-S", socket()});
    ChildProcess tmux(kTmux, args);
    EXPECT_EQ(tmux.Wait(kPatience), 0) << args[3] << ": " << tmux.Err();
    return tmux.Out();
  }

  const TempDir directory_;
  ChildProcess server_;
};

}  // namespace liveness::testing
