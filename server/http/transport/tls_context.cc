#include "server/http/transport/tls_context.h"

#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>

#include "common/strings.h"
#include "server/auth/reloading_credentials.h"

namespace liveness::http {
namespace {

namespace ssl = boost::asio::ssl;

std::shared_ptr<ssl::context> MakeContext(const auth::PemSet& pem, bool asks, bool requires_one,
                                          boost::system::error_code& error) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  context->set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 |
                       ssl::context::single_dh_use);
  context->use_certificate_chain(boost::asio::buffer(pem.cert), error);
  if (!error) context->use_private_key(boost::asio::buffer(pem.key), ssl::context::pem, error);
  if (error || !asks) return context;
  context->add_certificate_authority(boost::asio::buffer(pem.roots), error);
  if (!error) {
    context->set_verify_mode(
        requires_one ? ssl::verify_peer | ssl::verify_fail_if_no_peer_cert : ssl::verify_peer, error);
  }
  return context;
}

}  // namespace

std::shared_ptr<ssl::context> TlsContext::Current() {
  if (!tls_.enabled()) return nullptr;
  if (const auto pem = tls_.NewerThan(version_)) {
    boost::system::error_code error;
    auto fresh = MakeContext(*pem, tls_.asks_for_client_cert(), tls_.requires_client_cert(), error);
    if (error) {
      on_notice_(common::StrCat("http: the TLS files are not taken: ", common::Escape(error.message())));
    } else {
      context_ = std::move(fresh);
    }
  }
  return context_;
}

}  // namespace liveness::http
