// OpenSSL's side of the server's TLS files, for connections that are not gRPC's. The HTTP thread's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "server/auth/tls.h"

namespace liveness::http {

class TlsContext {
 public:
  // `tls` outlives this; `on_notice` takes a word for the log.
  TlsContext(const auth::ServerTls& tls, std::function<void(const std::string&)> on_notice)
      : tls_(tls), on_notice_(std::move(on_notice)) {}

  // For the next connection; made anew when the files were renewed. Null without TLS. Certificates that
  // OpenSSL does not take leave the context of before.
  std::shared_ptr<boost::asio::ssl::context> Current();

 private:
  const auth::ServerTls& tls_;
  const std::function<void(const std::string&)> on_notice_;
  std::uint64_t version_ = 0;
  std::shared_ptr<boost::asio::ssl::context> context_;
};

}  // namespace liveness::http
