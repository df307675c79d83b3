// A receiver of webhooks within the test: takes requests on 127.0.0.1, remembers what came, and answers as it
// is told. Header only. Thread-safe.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace liveness::testing {

class HookReceiver {
 public:
  struct Event {
    std::string id;  // of the header `webhook-id`: HISTORY-REVISION-HASH
    std::uint64_t revision = 0;
    std::string subject;  // of the body
    std::string path;
  };

  HookReceiver() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    (void)listen(listener_, 64);
    socklen_t size = sizeof(address);
    (void)getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~HookReceiver() {
    {
      std::lock_guard lock(mu_);
      ending_ = true;
      changed_.notify_all();
    }
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    for (std::thread& thread : threads_) thread.join();
  }

  std::string Url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  // The status of all answers from now on; 0: none comes, the connection stays open until there is another.
  void Answer(int status) {
    std::lock_guard lock(mu_);
    status_ = status;
    changed_.notify_all();
  }

  // Those that were answered with 200, in the order of their coming.
  std::vector<Event> Taken() const {
    std::lock_guard lock(mu_);
    return taken_;
  }
  // All requests, whatever was answered.
  std::size_t requests() const {
    std::lock_guard lock(mu_);
    return requests_;
  }
  // Waits until that is so of what was taken and of the number of requests.
  bool Await(const std::function<bool(const std::vector<Event>& taken, std::size_t requests)>& condition,
             std::chrono::seconds patience = std::chrono::seconds(60)) const {
    std::unique_lock lock(mu_);
    return changed_.wait_for(lock, patience, [&] { return condition(taken_, requests_); });
  }

 private:
  void Accept() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      threads_.emplace_back([this, fd] {
        Serve(fd);
        close(fd);
      });
    }
  }

  // One request after the other on a connection.
  void Serve(int fd) {
    std::string bytes;
    for (;;) {
      std::size_t head = 0, length = 0;
      for (;;) {
        head = bytes.find("\r\n\r\n");
        if (head != std::string::npos) {
          length = std::strtoul(Header(bytes.substr(0, head), "content-length").c_str(), nullptr, 10);
          if (bytes.size() >= head + 4 + length) break;
        }
        if (!Read(fd, bytes)) return;
      }
      const std::string request = bytes.substr(0, head), body = bytes.substr(head + 4, length);
      bytes.erase(0, head + 4 + length);
      if (!Reply(fd, request, body)) return;
    }
  }

  bool Read(int fd, std::string& bytes) const {
    for (;;) {
      pollfd readable{fd, POLLIN, 0};
      const int ready = poll(&readable, 1, 50);
      if (ready > 0) break;
      std::lock_guard lock(mu_);
      if (ending_) return false;
    }
    char buffer[16 * 1024];
    const ssize_t size = recv(fd, buffer, sizeof(buffer), 0);
    if (size <= 0) return false;
    bytes.append(buffer, static_cast<std::size_t>(size));
    return true;
  }

  bool Reply(int fd, const std::string& request, const std::string& body) {
    Event event;
    event.id = Header(request, "webhook-id");
    const auto dash = event.id.find('-');
    if (dash != std::string::npos) event.revision = std::strtoull(event.id.c_str() + dash + 1, nullptr, 10);
    event.subject = Between(body, "\"subject\":\"", "\"");
    event.path = Between(request, "POST ", " ");
    int status = 0;
    {
      std::unique_lock lock(mu_);
      ++requests_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return status_ != 0 || ending_; });
      if (ending_) return false;
      status = status_;
      if (status == 200) taken_.push_back(std::move(event));
      changed_.notify_all();
    }
    const std::string answer = "HTTP/1.1 " + std::to_string(status) + " So\r\nContent-Length: 0\r\n\r\n";
    return send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(answer.size());
  }

  // `name` in lower case; header names may come in any.
  static std::string Header(std::string_view request, std::string_view name) {
    std::string lower(request);
    for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    const auto at = lower.find("\r\n" + std::string(name) + ":");
    if (at == std::string::npos) return "";
    const auto begin = lower.find_first_not_of(' ', at + 3 + name.size());
    return std::string(request.substr(begin, lower.find("\r\n", begin) - begin));
  }
  static std::string Between(const std::string& text, const std::string& before, const std::string& after) {
    const auto at = text.find(before);
    if (at == std::string::npos) return "";
    const auto begin = at + before.size();
    return text.substr(begin, text.find(after, begin) - begin);
  }

  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mu_;
  mutable std::condition_variable changed_;
  int status_ = 200;
  bool ending_ = false;
  std::size_t requests_ = 0;
  std::vector<Event> taken_;
  std::list<std::thread> threads_;  // the acceptor's, until that has ended
  std::thread acceptor_;
};

}  // namespace liveness::testing
