// One attempt to bring an event to a receiver over HTTP: an easy handle of libcurl, and what came of it.
//
// - No redirect is followed, no proxy is used that the hook does not name, no cookie or password file is
// read.
// - Each connection, new or kept, goes to an address that the guard lets through. To a proxy the operator's
//   word is enough, and where that leads is the proxy's to judge.
// - Of the answer 64 KiB of header and of body are read; more ends it. The status decides, however the body
// ends.
//
// Not thread-safe: of the thread that drives the multi handle.
#pragma once

#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/hooks/delivery.h"

namespace liveness::hooks {

struct HttpOptions {
  std::string user_agent = "livenessd";
  // Why an address is not to be connected to; nothing if it may be. A test's own lets its loopback through.
  std::function<std::optional<std::string_view>(const sockaddr&)> guard;
  // `HOST:PORT:ADDRESS` as curl's --resolve has them, asked before each attempt. Null: none, names are looked
  // up.
  std::function<std::vector<std::string>()> resolve;
};

class HttpTransfer {
 public:
  static constexpr std::size_t kMostBytes = 64 * 1024;

  // `options` outlives it.
  HttpTransfer(const HttpOptions& options, HookConfigPtr hook, EventPtr event, common::WallTime now);
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  // REQUIRES: it is in no multi handle when this is destroyed.
  CURL* easy() const { return easy_.get(); }
  // `code`: how the multi handle says that it ended.
  Outcome Finish(CURLcode code) const;

 private:
  static curl_socket_t OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int BeforeRequest(void* self, char* address, char* own_address, int port, int own_port);
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self);

  void SetReceiver();
  void SetRequest(common::WallTime now);
  std::string WordsOf(CURLcode code) const;
  bool guarded() const { return !hook_->allow_private && hook_->proxy.empty(); }

  struct Free {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  using List = std::unique_ptr<curl_slist, Free>;
  static void Append(List& list, const std::string& text);

  const HttpOptions& options_;
  const HookConfigPtr hook_;
  const EventPtr event_;
  List headers_, resolve_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  std::string refused_;       // an address that was not let through, and why
  bool let_through_ = false;  // another address was
  std::size_t header_bytes_ = 0, body_bytes_ = 0;
  bool answered_ = false;             // the header of a final answer is whole
  std::string body_begin_;            // for the log
  std::unique_ptr<CURL, Free> easy_;  // the first to go: it refers to the rest
};

}  // namespace liveness::hooks
