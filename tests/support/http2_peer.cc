#include "tests/support/http2_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace liveness::testing {
namespace {

using std::chrono::steady_clock;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kFrameHeader = 9;
constexpr std::chrono::milliseconds kSettingsPatience(5000);

std::string BigEndian(std::uint32_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text.push_back(static_cast<char>(value >> shift));
  return text;
}

std::uint32_t ReadBigEndian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

// A length as HPACK writes it, with a prefix of seven bits.
std::string HpackLength(std::size_t length) {
  constexpr std::size_t kPrefix = 127;
  if (length < kPrefix) return {static_cast<char>(length)};
  std::string text(1, static_cast<char>(kPrefix));
  for (length -= kPrefix; length >= 128; length /= 128) text.push_back(static_cast<char>(length % 128 | 128));
  text.push_back(static_cast<char>(length));
  return text;
}

}  // namespace

Http2Peer::Http2Peer(const std::string& address, Manners manners, std::string_view settings,
                     const std::string& from) {
  const auto colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (!from.empty()) {
    sockaddr_in source{};
    source.sin_family = AF_INET;
    inet_pton(AF_INET, from.c_str(), &source.sin_addr);
    (void)bind(fd_, reinterpret_cast<const sockaddr*>(&source), sizeof(source));
  }
  closed_ = connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0;
  const timeval patience{.tv_sec = 2, .tv_usec = 0};
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (manners == Manners::kSilent) return;
  SendRaw(std::string(kPreface) + Bytes({Http2Frame::kSettings, 0, 0, std::string(settings)}));
  while (const auto frame = Receive(kSettingsPatience)) {
    if (frame->type != Http2Frame::kSettings || (frame->flags & Http2Frame::kAck) != 0) continue;
    if (manners == Manners::kAcknowledges) Send({Http2Frame::kSettings, Http2Frame::kAck, 0, ""});
    break;
  }
}

Http2Peer::~Http2Peer() { close(fd_); }

bool Http2Peer::Send(const Http2Frame& frame) { return SendRaw(Bytes(frame)); }

bool Http2Peer::SendRaw(std::string_view bytes) {
  while (!bytes.empty() && !closed_) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return !closed_;
}

std::string Http2Peer::Bytes(const Http2Frame& frame) {
  std::string bytes = BigEndian(static_cast<std::uint32_t>(frame.payload.size()), 3);
  bytes.push_back(static_cast<char>(frame.type));
  bytes.push_back(static_cast<char>(frame.flags));
  return bytes + BigEndian(frame.stream, 4) + frame.payload;
}

std::string Http2Peer::Header(const std::string& name, const std::string& value) {
  return std::string(1, '\0') + HpackLength(name.size()) + name + HpackLength(value.size()) + value;
}

std::string Http2Peer::CallHeaders(const std::string& path, const Headers& more) {
  std::string block = Header(":method", "POST") + Header(":scheme", "http") + Header(":path", path) +
                      Header(":authority", "server") + Header("te", "trailers") +
                      Header("content-type", "application/grpc");
  for (const auto& [name, value] : more) block += Header(name, value);
  return block;
}

std::string Http2Peer::Message(std::string_view bytes, bool compressed) {
  return std::string(1, compressed ? '\1' : '\0') + BigEndian(static_cast<std::uint32_t>(bytes.size()), 4) +
         std::string(bytes);
}

std::uint32_t Http2Peer::Call(const std::string& path, const Headers& more) {
  const std::uint32_t stream = NextStream();
  const bool sent = Send({Http2Frame::kHeaders, Http2Frame::kEndHeaders, stream, CallHeaders(path, more)});
  return sent ? stream : 0;
}

std::uint32_t Http2Peer::Ask(const std::string& path, std::string_view request) {
  const std::uint32_t stream = Call(path);
  const bool sent = Send({Http2Frame::kData, Http2Frame::kEndStream, stream, Message(request)});
  return sent ? stream : 0;
}

bool Http2Peer::Reset(std::uint32_t stream) {
  constexpr std::uint32_t kCancel = 8;
  return Send({Http2Frame::kReset, 0, stream, BigEndian(kCancel, 4)});
}

std::optional<Http2Frame> Http2Peer::Receive(Millis patience) {
  const auto give_up = steady_clock::now() + patience;
  while (true) {
    if (received_.size() >= kFrameHeader) {
      const std::size_t length = ReadBigEndian(std::string_view(received_).substr(0, 3));
      if (received_.size() >= kFrameHeader + length) {
        Http2Frame frame{static_cast<std::uint8_t>(received_[3]), static_cast<std::uint8_t>(received_[4]),
                         ReadBigEndian(std::string_view(received_).substr(5, 4)),
                         received_.substr(kFrameHeader, length)};
        received_.erase(0, kFrameHeader + length);
        return frame;
      }
    }
    const auto left = std::chrono::duration_cast<Millis>(give_up - steady_clock::now());
    pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
    if (closed_ || poll(&ready, 1, static_cast<int>(std::max(left, Millis(0)).count())) <= 0)
      return std::nullopt;
    char buffer[64 * 1024];
    const ssize_t size = recv(fd_, buffer, sizeof(buffer), 0);
    if (size <= 0) {
      closed_ = true;
      return std::nullopt;
    }
    received_.append(buffer, static_cast<std::size_t>(size));
  }
}

bool Http2Peer::IsClosedWithin(Millis patience) {
  const auto give_up = steady_clock::now() + patience;
  while (!closed_ && steady_clock::now() < give_up) {
    (void)Receive(std::chrono::duration_cast<Millis>(give_up - steady_clock::now()));
  }
  return closed_;
}

}  // namespace liveness::testing
