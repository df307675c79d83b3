// An HTTP/1.1 connection by hand: any bytes go out, answers and events come back in parts. Header only.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/raw_connection.h"

namespace liveness::testing {

struct HttpAnswer {
  int status = 0;  // 0: none came
  std::map<std::string, std::string> fields;
  std::string body;
};

// One of a stream of Server-Sent Events.
struct SseEvent {
  std::string event, id, data;
};

class HttpConnection : public RawConnection {
 public:
  using RawConnection::RawConnection;
  static constexpr std::chrono::seconds kPatience{20};

  // `fields`: further lines, each with its line break.
  bool Ask(const std::string& method, const std::string& target, const std::string& fields = "",
           const std::string& body = "") const {
    return Send(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + fields +
                (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") + "\r\n" +
                body);
  }
  HttpAnswer Get(const std::string& target, const std::string& fields = "") {
    Ask("GET", target, fields);
    return ReadAnswer();
  }
  HttpAnswer Post(const std::string& target, const std::string& body,
                  const std::string& fields = "Content-Type: application/json\r\n") {
    Ask("POST", target, fields, body);
    return ReadAnswer();
  }

  // Without its body if `head_only`.
  HttpAnswer ReadAnswer(bool head_only = false) {
    HttpAnswer answer;
    const std::optional<std::string> head = ReadUntil("\r\n\r\n");
    if (!head || head->size() < 12) return answer;
    answer.status = std::stoi(head->substr(9, 3));
    for (std::size_t at = head->find("\r\n") + 2; at + 2 < head->size();) {
      const std::size_t end = head->find("\r\n", at);
      const std::size_t colon = head->find(": ", at);
      answer.fields[head->substr(at, colon - at)] = head->substr(colon + 2, end - colon - 2);
      at = end + 2;
    }
    const auto length = answer.fields.find("Content-Length");
    if (head_only || length == answer.fields.end()) return answer;
    const auto size = static_cast<std::size_t>(std::stoul(length->second));
    while (buffer_.size() < size && Fill()) {
    }
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, answer.body.size());
    return answer;
  }

  // The next event of a stream whose head was read; nothing if none comes in time.
  std::optional<SseEvent> ReadEvent(std::chrono::milliseconds patience = kPatience) {
    for (std::size_t end = events_.find("\n\n");; end = events_.find("\n\n")) {
      if (end == std::string::npos) {
        if (!ReadChunk(patience)) return std::nullopt;
        continue;
      }
      const SseEvent event = Parse(std::string_view(events_).substr(0, end + 1));
      events_.erase(0, end + 2);
      if (!event.data.empty()) return event;
    }
  }

 private:
  static SseEvent Parse(std::string_view text) {
    SseEvent event;
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(line.size() + 1);
      if (line.starts_with("event: ")) event.event = line.substr(7);
      if (line.starts_with("id: ")) event.id = line.substr(4);
      if (line.starts_with("data: ")) event.data = line.substr(6);
    }
    return event;
  }
  bool ReadChunk(std::chrono::milliseconds patience) {
    const std::optional<std::string> size = ReadUntil("\r\n", patience);
    if (!size) return false;
    const auto bytes = static_cast<std::size_t>(std::stoul(*size, nullptr, 16));
    while (buffer_.size() < bytes + 2) {
      if (!Fill()) return false;
    }
    events_ += buffer_.substr(0, bytes);
    buffer_.erase(0, bytes + 2);
    return bytes != 0;
  }
  // Up to and with `mark`.
  std::optional<std::string> ReadUntil(std::string_view mark,
                                       std::chrono::milliseconds patience = kPatience) {
    std::size_t at = 0;
    while ((at = buffer_.find(mark)) == std::string::npos) {
      if (!Fill(patience)) return std::nullopt;
    }
    std::string found = buffer_.substr(0, at + mark.size());
    buffer_.erase(0, found.size());
    return found;
  }
  bool Fill(std::chrono::milliseconds patience = kPatience) {
    const std::string more = Receive(patience);
    buffer_ += more;
    return !more.empty();
  }

  std::string buffer_;
  std::string events_;
};

}  // namespace liveness::testing
