// One HTTP request and its answer, as handlers see them: nothing of the library that carries them.
//
// A handler is called on the HTTP thread, which serves all connections, and must take microseconds there;
// what takes longer goes to a worker (RunOnWorker) or waits without a thread (After). It keeps the exchange
// for as long as it needs it. The caller may be gone by then: what is answered then goes nowhere.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "server/auth/caller.h"

namespace liveness::http {

// Bytes that many may send at the same time.
using SharedText = std::shared_ptr<const std::string>;

struct Request {
  std::string method;  // GET, POST, ...
  std::string path;    // `/api/v1/clients/web-1`: percent-decoded, without the query
  // Percent-decoded, in the order in which they came; a name may come twice.
  std::vector<std::pair<std::string, std::string>> query;
  std::string body;

  // Header fields that handlers care for; empty if absent.
  std::string host, content_type, origin, last_event_id, if_none_match;
  std::string peer;  // whose request it is: `10.0.0.7:4711`
  // What it shows of who it is: the header field, or the same made of the session's cookie, and the
  // certificate of the connection.
  std::string authorization, certificate;

  // The first of that name; null if there is none.
  const std::string* Find(std::string_view name) const {
    for (const auto& [key, value] : query)
      if (key == name) return &value;
    return nullptr;
  }
};

// Text from outside never becomes part of a header field: all of these are our own words.
struct Response {
  int status = 200;
  std::string content_type = "application/json";
  SharedText body = nullptr;  // null: empty
  std::vector<std::pair<std::string, std::string>> headers = {};
};

inline Response TextResponse(int status, std::string content_type, std::string body) {
  return {status, std::move(content_type), std::make_shared<const std::string>(std::move(body)), {}};
}

// An answer without an end, of which one part is on its way at a time.
class Stream {
 public:
  virtual ~Stream() = default;
  // Sends `parts`, one after the other. `sent` is called on the HTTP thread when the peer's kernel has taken
  // all of them; never if the stream ends before. A peer that does not take them within
  // HttpOptions::write_timeout is cut off.
  // REQUIRES: the HTTP thread; the write before is done.
  virtual void Write(std::vector<SharedText> parts, std::function<void()> sent) = 0;
  // Ends it as an answer ends that is whole. REQUIRES: as Write.
  virtual void Finish() = 0;
};

class Exchange {
 public:
  virtual ~Exchange() = default;

  const Request& request() const { return request_; }

  // Who asks, as the router's gate knows it. Set before a handler gets the exchange.
  const auth::CallerPtr& caller() const { return caller_; }
  void SetCaller(auth::CallerPtr caller) { caller_ = std::move(caller); }

  // The answer. Once; any thread.
  virtual void Respond(Response response) = 0;
  // Begins an answer without an end: `head` has no body. `gone` is called on the HTTP thread when the peer is
  // gone or the server ends, and nothing of the stream after it. Once, in place of Respond; the HTTP thread.
  virtual std::shared_ptr<Stream> Begin(Response head, std::function<void()> gone) = 0;

  // On the HTTP thread, soon; any thread may ask.
  virtual void Post(std::function<void()> job) = 0;
  // On the HTTP thread after `span`; the HTTP thread asks. Not called once the server ends.
  virtual void After(common::Duration span, std::function<void()> job) = 0;
  // On a worker. False if too many jobs wait: nothing will be called. Any thread.
  virtual bool RunOnWorker(std::function<void()> job) = 0;
  // Called on the HTTP thread if the peer goes before the answer is there. Once, by the handler.
  virtual void OnGone(std::function<void()> gone) = 0;

 protected:
  explicit Exchange(Request request) : request_(std::move(request)) {}

 private:
  const Request request_;
  auth::CallerPtr caller_;
};

using Handler = std::function<void(const std::shared_ptr<Exchange>& exchange)>;

}  // namespace liveness::http
