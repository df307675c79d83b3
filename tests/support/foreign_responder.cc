#include "tests/support/foreign_responder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace liveness::testing {
namespace {

constexpr std::size_t kPrefaceBytes = 24;
constexpr std::size_t kFrameHeaderBytes = 9;
constexpr int kPollMs = 20;

int Listen(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0 && listen(fd, 16) == 0) return fd;
  close(fd);
  return -1;
}

bool Write(int fd, std::string_view bytes) {
  return send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

// Takes the first frame out of `bytes`, if it is whole.
std::optional<Http2Frame> TakeFrame(std::string& bytes) {
  if (bytes.size() < kFrameHeaderBytes) return std::nullopt;
  const auto byte = [&bytes](std::size_t n) { return static_cast<std::uint8_t>(bytes[n]); };
  const std::size_t length = byte(0) << 16 | byte(1) << 8 | byte(2);
  if (bytes.size() < kFrameHeaderBytes + length) return std::nullopt;
  const auto stream = static_cast<std::uint32_t>(byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8));
  Http2Frame frame{byte(3), byte(4), stream, bytes.substr(kFrameHeaderBytes, length)};
  bytes.erase(0, kFrameHeaderBytes + length);
  return frame;
}

}  // namespace

ForeignResponder::ForeignResponder(int port, Http2Peer::Headers answer)
    : answer_(std::move(answer)), listener_(Listen(port)), thread_([this] { Run(); }) {}

ForeignResponder::ForeignResponder(int port, std::string bytes)
    : bytes_(std::move(bytes)), listener_(Listen(port)), thread_([this] { Run(); }) {}

ForeignResponder::~ForeignResponder() {
  over_ = true;
  thread_.join();
  if (listener_ >= 0) close(listener_);
}

std::string ForeignResponder::address() const {
  sockaddr_in at{};
  socklen_t size = sizeof(at);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
  return "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
}

void ForeignResponder::Run() {
  std::vector<std::thread> connections;
  while (!over_ && listener_ >= 0) {
    pollfd ready{.fd = listener_, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, kPollMs) <= 0) continue;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) connections.emplace_back([this, fd] { Serve(fd); });
  }
  for (std::thread& each : connections) each.join();
}

void ForeignResponder::Serve(int fd) {
  std::string received;
  bool greeted = false;
  while (!over_) {
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, kPollMs) <= 0) continue;
    char buffer[16 * 1024];
    const ssize_t size = recv(fd, buffer, sizeof(buffer), 0);
    if (size <= 0) break;
    if (!bytes_.empty()) {
      ++answered_;
      (void)Write(fd, bytes_);
      break;
    }
    received.append(buffer, static_cast<std::size_t>(size));
    if (!greeted && received.size() < kPrefaceBytes) continue;
    if (!std::exchange(greeted, true)) {
      received.erase(0, kPrefaceBytes);
      (void)Write(fd, Http2Peer::Bytes({Http2Frame::kSettings, 0, 0, ""}));
    }
    while (const auto frame = TakeFrame(received)) {
      const bool ack = (frame->flags & Http2Frame::kAck) != 0;
      if (frame->type == Http2Frame::kSettings && !ack) {
        (void)Write(fd, Http2Peer::Bytes({Http2Frame::kSettings, Http2Frame::kAck, 0, ""}));
      } else if (frame->type == Http2Frame::kPing && !ack) {
        (void)Write(fd, Http2Peer::Bytes({Http2Frame::kPing, Http2Frame::kAck, 0, frame->payload}));
      } else if (frame->type == Http2Frame::kHeaders) {
        std::string block;
        for (const auto& [name, value] : answer_) block += Http2Peer::Header(name, value);
        ++answered_;
        (void)Write(fd,
                    Http2Peer::Bytes({Http2Frame::kHeaders, Http2Frame::kEndHeaders | Http2Frame::kEndStream,
                                      frame->stream, block}));
      }
    }
  }
  close(fd);
}

}  // namespace liveness::testing
