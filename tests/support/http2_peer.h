// A peer that speaks HTTP/2 by hand, and so can do what no gRPC library would: ignore
// settings, open calls without end, reset them, never read, never finish what it began.
// Plaintext over TCP. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace liveness::testing {

struct Http2Frame {
  static constexpr std::uint8_t kData = 0, kHeaders = 1, kReset = 3, kSettings = 4, kPing = 6, kGoaway = 7,
                                kWindowUpdate = 8, kContinuation = 9;
  static constexpr std::uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4;

  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
};

class Http2Peer {
 public:
  using Millis = std::chrono::milliseconds;
  using Headers = std::vector<std::pair<std::string, std::string>>;

  enum class Manners {
    kAcknowledges,  // takes the server's settings
    kIgnores,       // never does
    kSilent,        // connects and says nothing, not even the preface
  };

  // Connects to HOST:PORT (IPv4) and, but for kSilent, exchanges settings. `settings`:
  // its own, six bytes each. `from`: an address of this machine's to call from; empty: as it comes.
  explicit Http2Peer(const std::string& address, Manners manners = Manners::kAcknowledges,
                     std::string_view settings = {}, const std::string& from = "");
  ~Http2Peer();
  Http2Peer(const Http2Peer&) = delete;
  Http2Peer& operator=(const Http2Peer&) = delete;

  // Each false if the server has closed the connection or takes nothing for 2 s.
  bool Send(const Http2Frame& frame);
  bool SendRaw(std::string_view bytes);

  // The bytes of a frame, and of a header block that begins a gRPC call.
  static std::string Bytes(const Http2Frame& frame);
  static std::string CallHeaders(const std::string& path, const Headers& more = {});
  static std::string Header(const std::string& name, const std::string& value);
  // The gRPC message with its length in front.
  static std::string Message(std::string_view bytes, bool compressed = false);

  // Begins a call; its stream, or 0.
  std::uint32_t Call(const std::string& path, const Headers& more = {});
  std::uint32_t NextStream() { return std::exchange(next_stream_, next_stream_ + 2); }
  // A call that asks with one message.
  std::uint32_t Ask(const std::string& path, std::string_view request);
  bool Reset(std::uint32_t stream);

  // The next frame; nothing if none came in time or the connection is closed.
  std::optional<Http2Frame> Receive(Millis patience);
  // Reads and drops until the server closes the connection; false if it did not in time.
  bool IsClosedWithin(Millis patience);

 private:
  int fd_ = -1;
  bool closed_ = false;
  std::uint32_t next_stream_ = 1;
  std::string received_;
};

}  // namespace liveness::testing
