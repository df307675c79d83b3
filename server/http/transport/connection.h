// One connection: reads a request, has it served, writes the answer, and so on until either side ends it.
//
// Bounds: the sizes and times of HttpOptions, each of which ends the connection with an answer where one can
// still be read. One request at a time: what a peer sends ahead waits in the kernel. That a peer is gone
// while its request waits is found out by Look().
//
// The HTTP thread's. Lives as long as an operation of it or an exchange does.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "server/http/exchange.h"
#include "server/http/transport/byte_stream.h"
#include "server/http/transport/http_options.h"
#include "server/http/transport/workers.h"

namespace liveness::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // What a connection needs of its server.
  struct Server {
    const HttpOptions& options;
    const std::function<void(const std::shared_ptr<Exchange>&)>& serve;
    Workers& workers;
    std::function<void(Connection*)> closed;  // once; the connection is about to go
  };

  // `server` outlives the connection. `tls` is null for bytes in the clear.
  Connection(Server& server, boost::asio::ip::tcp::socket socket,
             std::shared_ptr<boost::asio::ssl::context> tls);
  ~Connection();

  void Start();
  // Answers 503 to whatever comes, and closes.
  void Refuse();
  // Notices a peer that is gone while its request waits or its stream has nothing to send. To be called about
  // once a second.
  void Look();
  // Ends it at once.
  void Close();

  const std::string& peer() const { return peer_; }

 private:
  friend class ConnectionExchange;
  friend class ConnectionStream;
  using Error = boost::system::error_code;

  void Handshake();
  void ReadHeader(common::Duration patience);
  void OnHeader(Error error);
  void OnRequest(Error error);
  // Answers a request that no handler will see, and ends the connection.
  void Reject(int http_status, const char* reason, std::string message);

  // The answer of the request that is served.
  void Answer(Response response);
  std::shared_ptr<Stream> BeginStream(const Response& head, std::function<void()> gone);
  std::string HeadText(const Response& response, std::optional<std::size_t> content_length) const;
  // All of `parts`, in pieces of kPieceBytes, each within write_timeout.
  void Write(std::vector<SharedText> parts, std::function<void()> done);
  void WritePiece();
  void OnAnswered();
  // Lets the peer read what was sent before the connection goes: a close with bytes unread would reset it.
  void CloseGently();
  void Linger();

  Server& server_;
  const std::shared_ptr<boost::asio::ssl::context> tls_;
  ByteStream stream_;
  const std::string peer_;
  std::string certificate_;  // the other end's, PEM; empty: it has none
  // What is read and not yet parsed. Its bound is the only one on what Beast takes in one piece and in no
  // header or body: the line before a chunk, with its extensions, and the fields behind the last one.
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  bool keep_alive_ = false;
  bool head_only_ = false;
  bool chunked_ = false;
  bool waiting_ = false;  // a request is served, or a stream is open
  bool refused_ = false;
  bool closed_ = false;
  std::size_t lingered_bytes_ = 0;
  std::vector<char> discarded_;
  std::function<void()> gone_;

  // The write under way: its parts, and what of them is not sent.
  std::vector<SharedText> parts_;
  std::size_t next_part_ = 0;
  std::size_t next_byte_ = 0;
  std::function<void()> written_;
};

}  // namespace liveness::http
