#include "server/http/transport/connection.h"

#include <poll.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/files/token.h"
#include "common/openssl_ptr.h"
#include "common/status.h"
#include "server/http/error_response.h"
#include "server/http/session_cookie.h"
#include "server/http/transport/connection_exchange.h"
#include "server/http/transport/host_check.h"
#include "server/http/transport/target.h"

namespace liveness::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using beast::http::field;

constexpr common::Duration kLinger = std::chrono::seconds(2);
constexpr std::size_t kMostLingered = 1024 * 1024;
constexpr std::size_t kDiscardAtOnce = 16 * 1024;

std::string PeerOf(const asio::ip::tcp::socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return {};
  const std::string address = endpoint.address().to_string();
  return absl::StrCat(endpoint.address().is_v6() ? absl::StrCat("[", address, "]") : address, ":",
                      endpoint.port());
}

std::string HttpDate(common::WallTime now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64] = "";
  (void)std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

std::string FieldText(const beast::http::request<beast::http::string_body>& request, field name) {
  const auto value = request[name];
  return {value.data(), value.size()};
}

// The certificate that the other end proved to have, in PEM; empty if it has none.
std::string CertificateOf(SSL& tls) {
  const common::CertificatePtr leaf(SSL_get1_peer_certificate(&tls));
  if (leaf == nullptr) return {};
  const common::BioPtr bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(bio.get(), leaf.get()) != 1) return "none";
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

// The `Authorization` field, or what stands for it in the session's cookie.
std::string AuthorizationOf(const beast::http::request<beast::http::string_body>& request) {
  if (request.count(field::authorization) > 1) return "several";
  std::string text = FieldText(request, field::authorization);
  if (!text.empty()) return text;
  const std::optional<std::string> token = SessionTokenOf(FieldText(request, field::cookie));
  return token ? common::BearerOf(*token) : std::string();
}

}  // namespace

Connection::Connection(Server& server, asio::ip::tcp::socket socket, std::shared_ptr<asio::ssl::context> tls)
    : server_(server),
      tls_(std::move(tls)),
      stream_(std::move(socket), tls_.get()),
      peer_(PeerOf(stream_.tcp().socket())),
      buffer_(2 * server.options.max_header_bytes) {}

Connection::~Connection() {
  Close();
  server_.closed(this);
}

void Connection::Start() {
  if (tls_ == nullptr) return ReadHeader(server_.options.header_timeout);
  stream_.tcp().expires_after(server_.options.header_timeout);
  stream_.tls()->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](Error error) {
    if (error) return self->Close();
    self->certificate_ = CertificateOf(*self->stream_.tls()->native_handle());
    self->ReadHeader(self->server_.options.header_timeout);
  });
}

void Connection::Refuse() {
  refused_ = true;
  Start();
}

void Connection::ReadHeader(common::Duration patience) {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(server_.options.max_header_bytes));
  parser_->body_limit(server_.options.max_body_bytes);
  stream_.tcp().expires_after(patience);
  beast::http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](Error error, std::size_t) { self->OnHeader(error); });
}

void Connection::OnHeader(Error error) {
  if (error == beast::http::error::header_limit) {
    return Reject(431, "HEADER_TOO_LARGE",
                  absl::StrCat("the header is larger than ", server_.options.max_header_bytes, " bytes"));
  }
  if (error == beast::http::error::body_limit) {
    return Reject(413, "BODY_TOO_LARGE",
                  absl::StrCat("the body is larger than ", server_.options.max_body_bytes, " bytes"));
  }
  if (error.category() == beast::http::make_error_code(beast::http::error::bad_method).category() &&
      error != beast::http::error::end_of_stream && error != beast::http::error::partial_message) {
    return Reject(400, "BAD_REQUEST", "this is no HTTP/1.1 request");
  }
  if (error) return Close();
  const auto& request = parser_->get();
  if (refused_) return Reject(503, "TOO_MANY_CONNECTIONS", "too many connections are open; try again later");
  if (request.version() != 10 && request.version() != 11) {
    return Reject(505, "BAD_VERSION", "only HTTP/1.0 and HTTP/1.1 are served");
  }
  if (request.count(field::host) > 1 || (request.version() == 11 && request.count(field::host) == 0)) {
    return Reject(400, "BAD_HOST", "there must be one Host field");
  }
  if (request.count(field::host) == 1 &&
      !IsOurHost(FieldText(request, field::host), server_.options.host_names)) {
    return Reject(
        421, "BAD_HOST",
        "the Host field names another server; where this one has that name, start it with --http-host");
  }
  stream_.tcp().expires_after(server_.options.body_timeout);
  beast::http::async_read(stream_, buffer_, *parser_,
                          [self = shared_from_this()](Error read, std::size_t) { self->OnRequest(read); });
}

void Connection::OnRequest(Error error) {
  if (error == beast::http::error::body_limit) {
    return Reject(413, "BODY_TOO_LARGE",
                  absl::StrCat("the body is larger than ", server_.options.max_body_bytes, " bytes"));
  }
  if (error == beast::http::error::buffer_overflow) {
    return Reject(413, "BODY_TOO_LARGE", "what frames the body, or follows it, is too large");
  }
  if (error == beast::error::timeout || error == beast::http::error::partial_message) return Close();
  if (error) return Reject(400, "BAD_REQUEST", "the body is no HTTP/1.1 body");
  auto message = parser_->release();
  keep_alive_ = message.keep_alive();
  head_only_ = message.method() == beast::http::verb::head;
  chunked_ = message.version() == 11;
  absl::StatusOr<Target> target = ParseTarget({message.target().data(), message.target().size()});
  if (!target.ok()) {
    return Reject(400, "BAD_TARGET", std::string(target.status().message()));
  }
  Request request;
  const auto method = message.method_string();
  request.method = std::string(method.data(), method.size());
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  request.content_type = FieldText(message, field::content_type);
  request.origin = FieldText(message, field::origin);
  request.last_event_id = std::string(message["Last-Event-ID"]);
  request.if_none_match = FieldText(message, field::if_none_match);
  request.host = FieldText(message, field::host);
  request.peer = peer_;
  request.authorization = AuthorizationOf(message);
  request.certificate = certificate_;
  request.body = std::move(message.body());
  waiting_ = true;
  stream_.tcp().expires_never();
  server_.serve(std::make_shared<ConnectionExchange>(std::move(request), shared_from_this()));
}

void Connection::Reject(int http_status, const char* reason, std::string message) {
  keep_alive_ = false;
  waiting_ = true;
  const auto code = http_status == 503 ? absl::StatusCode::kUnavailable : absl::StatusCode::kInvalidArgument;
  Answer(ErrorResponse(http_status, common::Error(code, reason, message)));
}

std::string Connection::HeadText(const Response& response, std::optional<std::size_t> content_length) const {
  const auto reason = beast::http::obsolete_reason(static_cast<beast::http::status>(response.status));
  std::string text = absl::StrCat("HTTP/1.1 ", response.status, " ");
  text.append(reason.data(), reason.size());
  absl::StrAppend(&text, "\r\nDate: ", HttpDate(common::SystemClock().Wall()), "\r\n");
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  if (response.status != 304) add("Content-Type", response.content_type);
  bool cached = false;
  for (const auto& [name, value] : response.headers) {
    add(name, value);
    cached = cached || name == "Cache-Control";
  }
  if (!cached) add("Cache-Control", "no-store");
  add("X-Content-Type-Options", "nosniff");
  add("Referrer-Policy", "no-referrer");
  add("Cross-Origin-Resource-Policy", "same-origin");
  if (content_length) {
    add("Content-Length", std::to_string(*content_length));
  } else if (chunked_) {
    add("Transfer-Encoding", "chunked");
  }
  add("Connection", keep_alive_ && (content_length || chunked_) ? "keep-alive" : "close");
  return text + "\r\n";
}

void Connection::Answer(Response response) {
  if (closed_ || !std::exchange(waiting_, false)) return;
  gone_ = nullptr;
  const std::size_t length = response.body == nullptr ? 0 : response.body->size();
  std::vector<SharedText> parts{std::make_shared<const std::string>(HeadText(response, length))};
  if (length != 0 && !head_only_ && response.status != 304) parts.push_back(std::move(response.body));
  Write(std::move(parts), [this] { OnAnswered(); });
}

std::shared_ptr<Stream> Connection::BeginStream(const Response& head, std::function<void()> gone) {
  if (!chunked_) keep_alive_ = false;  // the end of the connection is the end of the stream
  gone_ = std::move(gone);
  return std::make_shared<ConnectionStream>(
      shared_from_this(), std::make_shared<const std::string>(HeadText(head, std::nullopt)), chunked_);
}

void Connection::Write(std::vector<SharedText> parts, std::function<void()> done) {
  if (closed_) return;
  parts_ = std::move(parts);
  next_part_ = next_byte_ = 0;
  written_ = std::move(done);
  WritePiece();
}

void Connection::WritePiece() {
  std::vector<asio::const_buffer> piece;
  std::size_t bytes = 0;
  while (next_part_ < parts_.size() && bytes < kPieceBytes) {
    const std::string& part = *parts_[next_part_];
    const std::size_t take = std::min(part.size() - next_byte_, kPieceBytes - bytes);
    piece.emplace_back(part.data() + next_byte_, take);
    bytes += take;
    next_byte_ += take;
    if (next_byte_ == part.size()) {
      ++next_part_;
      next_byte_ = 0;
    }
  }
  stream_.tcp().expires_after(server_.options.write_timeout);
  asio::async_write(stream_, piece, [self = shared_from_this()](Error error, std::size_t) {
    if (error || self->closed_) return self->Close();
    if (self->next_part_ < self->parts_.size()) return self->WritePiece();
    self->stream_.tcp().expires_never();
    self->parts_.clear();
    // It may begin the next write.
    if (const auto written = std::exchange(self->written_, nullptr)) written();
  });
}

void Connection::OnAnswered() {
  waiting_ = false;
  if (!keep_alive_) return CloseGently();
  ReadHeader(server_.options.idle_timeout);
}

void Connection::CloseGently() {
  if (stream_.tls() != nullptr) {
    stream_.tcp().expires_after(kLinger);
    stream_.tls()->async_shutdown([self = shared_from_this()](Error) { self->Close(); });
    return;
  }
  Error ignored;
  stream_.tcp().socket().shutdown(asio::socket_base::shutdown_send, ignored);
  discarded_.resize(kDiscardAtOnce);
  stream_.tcp().expires_after(kLinger);
  Linger();
}

void Connection::Linger() {
  stream_.async_read_some(asio::buffer(discarded_),
                          [self = shared_from_this()](Error error, std::size_t bytes) {
                            self->lingered_bytes_ += bytes;
                            if (error || self->lingered_bytes_ > kMostLingered) return self->Close();
                            self->Linger();
                          });
}

void Connection::Look() {
  if (!waiting_ || closed_) return;
  pollfd look{stream_.tcp().socket().native_handle(), POLLRDHUP, 0};
  if (poll(&look, 1, 0) > 0 && (look.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) Close();
}

void Connection::Close() {
  if (std::exchange(closed_, true)) return;
  stream_.tcp().close();
  written_ = nullptr;
  if (const auto gone = std::exchange(gone_, nullptr)) gone();
}

}  // namespace liveness::http
