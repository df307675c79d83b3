// A cable between two processes that a test can cut: forwards TCP connections
// from a port of its own to another one on 127.0.0.1.
//
// The switches may be used from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <string>
#include <thread>

namespace liveness::testing {

class TcpForwarder {
 public:
  enum class Mode {
    kForward,
    kHang,  // connections stay and are accepted, and nothing comes through
    kCut,   // all connections are closed, new ones too
  };

  // `target`: 127.0.0.1:PORT.
  explicit TcpForwarder(const std::string& target);
  ~TcpForwarder();
  TcpForwarder(const TcpForwarder&) = delete;
  TcpForwarder& operator=(const TcpForwarder&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void Set(Mode mode) { mode_ = mode; }
  // What a client sends on the connections that are open now is lost from now on, for its kernel too.
  void LoseOnOpen() { loses_open_ = true; }
  // How many connections there were.
  int accepted() const { return accepted_; }

 private:
  // One direction of a connection: what was read from `from` and not yet written to `to`.
  struct Pipe {
    int from = -1;
    int to = -1;
    std::string held;
  };
  struct Pair {
    Pipe out, back;
  };

  void Run();
  void Accept();
  // False if the connection is over.
  static bool Pump(Pipe& pipe, bool readable);
  void CloseAll();

  const std::uint16_t target_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<Mode> mode_{Mode::kForward};
  std::atomic<bool> loses_open_{false};
  std::atomic<int> accepted_{0};
  std::atomic<bool> stop_{false};
  std::list<Pair> pairs_;
  std::thread thread_;
};

}  // namespace liveness::testing
