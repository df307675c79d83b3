#include "server/http/transport/connection_exchange.h"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status.h"
#include "server/http/error_response.h"

namespace liveness::http {

namespace asio = boost::asio;

namespace {

void LetGo(std::shared_ptr<Connection> connection, const asio::any_io_executor& http_thread) {
  asio::post(http_thread, [connection = std::move(connection)] {});
}

}  // namespace

ConnectionExchange::ConnectionExchange(Request request, std::shared_ptr<Connection> connection)
    : Exchange(std::move(request)), connection_(std::move(connection)) {}

ConnectionExchange::~ConnectionExchange() {
  if (!answered_) {
    Respond(ErrorResponse(common::Error(absl::StatusCode::kInternal, "NO_ANSWER", "no answer was given")));
  }
  const asio::any_io_executor http_thread = connection_->stream_.get_executor();
  LetGo(std::move(connection_), http_thread);
}

ConnectionStream::~ConnectionStream() {
  const asio::any_io_executor http_thread = connection_->stream_.get_executor();
  LetGo(std::move(connection_), http_thread);
}

void ConnectionExchange::Respond(Response response) {
  if (answered_.exchange(true)) return;
  asio::dispatch(connection_->stream_.get_executor(),
                 [connection = connection_, response = std::move(response)]() mutable {
                   connection->Answer(std::move(response));
                 });
}

std::shared_ptr<Stream> ConnectionExchange::Begin(Response head, std::function<void()> gone) {
  answered_ = true;
  return connection_->BeginStream(head, std::move(gone));
}

void ConnectionExchange::Post(std::function<void()> job) {
  asio::post(connection_->stream_.get_executor(), std::move(job));
}

void ConnectionExchange::After(common::Duration span, std::function<void()> job) {
  const auto timer = std::make_shared<asio::steady_timer>(connection_->stream_.get_executor(), span);
  timer->async_wait([timer, job = std::move(job)](const boost::system::error_code& error) {
    if (!error) job();
  });
}

bool ConnectionExchange::RunOnWorker(std::function<void()> job) {
  return connection_->server_.workers.Run(std::move(job));
}

void ConnectionExchange::OnGone(std::function<void()> gone) { connection_->gone_ = std::move(gone); }

void ConnectionStream::Write(std::vector<SharedText> parts, std::function<void()> sent) {
  if (connection_->head_only_) {  // HEAD: the end of the head is the end of the stream
    parts.clear();
    sent = [connection = connection_.get()] { connection->CloseGently(); };
  }
  std::vector<SharedText> all;
  if (head_ != nullptr) all.push_back(std::exchange(head_, nullptr));
  std::size_t bytes = 0;
  for (const SharedText& part : parts) bytes += part->size();
  if (chunked_ && bytes != 0) {
    all.push_back(std::make_shared<const std::string>(absl::StrFormat("%x\r\n", bytes)));
  }
  for (SharedText& part : parts) {
    if (!part->empty()) all.push_back(std::move(part));
  }
  static const SharedText kChunkEnd = std::make_shared<const std::string>("\r\n");
  if (chunked_ && bytes != 0) all.push_back(kChunkEnd);
  connection_->Write(std::move(all), std::move(sent));
}

void ConnectionStream::Finish() {
  std::vector<SharedText> all;
  if (head_ != nullptr) all.push_back(std::exchange(head_, nullptr));
  if (chunked_) all.push_back(std::make_shared<const std::string>("0\r\n\r\n"));
  connection_->gone_ = nullptr;
  if (all.empty()) return connection_->OnAnswered();
  connection_->Write(std::move(all), [connection = connection_.get()] { connection->OnAnswered(); });
}

}  // namespace liveness::http
