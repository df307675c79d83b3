// What a handler holds of a connection. The answer of a handler that forgot it is 500.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "server/http/exchange.h"
#include "server/http/transport/connection.h"

namespace liveness::http {

class ConnectionExchange final : public Exchange, public std::enable_shared_from_this<ConnectionExchange> {
 public:
  ConnectionExchange(Request request, std::shared_ptr<Connection> connection);
  // Any thread: the connection itself goes on the HTTP thread.
  ~ConnectionExchange() override;

  void Respond(Response response) override;
  std::shared_ptr<Stream> Begin(Response head, std::function<void()> gone) override;
  void Post(std::function<void()> job) override;
  void After(common::Duration span, std::function<void()> job) override;
  bool RunOnWorker(std::function<void()> job) override;
  void OnGone(std::function<void()> gone) override;

 private:
  std::shared_ptr<Connection> connection_;
  std::atomic<bool> answered_{false};
};

class ConnectionStream final : public Stream {
 public:
  // `head` goes out with the first write.
  ConnectionStream(std::shared_ptr<Connection> connection, SharedText head, bool chunked)
      : connection_(std::move(connection)), head_(std::move(head)), chunked_(chunked) {}
  // Any thread, likewise.
  ~ConnectionStream() override;

  void Write(std::vector<SharedText> parts, std::function<void()> sent) override;
  void Finish() override;

 private:
  std::shared_ptr<Connection> connection_;
  SharedText head_;
  const bool chunked_;
};

}  // namespace liveness::http
