#include "client/cli/doctor/tls_probe.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "client/cli/doctor/port_speech.h"
#include "common/net/socket_address.h"
#include "common/openssl_ptr.h"
#include "common/saturating.h"

namespace liveness::cli::doctor {
namespace {

using Context = std::unique_ptr<SSL_CTX, common::OpensslDeleter<SSL_CTX_free>>;
using Handshake = std::unique_ptr<SSL, common::OpensslDeleter<SSL_free>>;

constexpr char kClosed[] = "it closed the connection";

// Notes what is wrong with the certificate, and lets the handshake go on.
int Complain(int good, X509_STORE_CTX* store) {
  if (good == 1) return 1;
  const auto* ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  TlsFacts& facts = *static_cast<TlsFacts*>(SSL_get_app_data(ssl));
  const int error = X509_STORE_CTX_get_error(store);
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: facts.is_out_of_time = true; break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: facts.is_another_name = true; break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CERT_UNTRUSTED: facts.is_untrusted = true; break;
    default: facts.other_complaint = X509_verify_cert_error_string(error);
  }
  return 1;
}

// The server asks for a certificate of ours. What was loaded is sent.
int NoteAsked(SSL* ssl, void* /*argument*/) {
  static_cast<TlsFacts*>(SSL_get_app_data(ssl))->asks_for_cert = true;
  return 1;
}

Context MakeContext(const TlsSettings& settings) {
  Context context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  const char* grpc_roots = std::getenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH");
  const std::string roots = !settings.ca_file.empty() ? settings.ca_file
                            : grpc_roots != nullptr   ? grpc_roots
                                                      : "";
  if (roots.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
  } else {
    SSL_CTX_load_verify_locations(context.get(), roots.c_str(), nullptr);
  }
  SSL_CTX_set_cert_cb(context.get(), NoteAsked, nullptr);
  if (!settings.cert_file.empty()) {
    SSL_CTX_use_certificate_chain_file(context.get(), settings.cert_file.c_str());
    SSL_CTX_use_PrivateKey_file(context.get(), settings.key_file.c_str(), SSL_FILETYPE_PEM);
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, Complain);
  return context;
}

void SetName(SSL* ssl, const std::string& name) {
  if (common::IsIpAddress(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str());
    return;
  }
  SSL_set_tlsext_host_name(ssl, name.c_str());
  SSL_set1_host(ssl, name.c_str());
}

// Repeats `step` until it is done or has failed, waiting for what it waits for. Returns its last result.
template <typename Step>
int Drive(SSL* ssl, const Connection& connection, common::MonoTime end, const Step& step) {
  for (;;) {
    ERR_clear_error();
    const int result = step();
    if (result > 0) return result;
    const common::Duration left = end - common::SystemClock().Mono();
    const int reason = SSL_get_error(ssl, result);
    if (reason == SSL_ERROR_WANT_READ && connection.AwaitReadable(left)) continue;
    if (reason == SSL_ERROR_WANT_WRITE && connection.AwaitWritable(left)) continue;
    return result;
  }
}

std::string FailureOf(SSL* ssl, int result) {
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return "no answer in time";
    case SSL_ERROR_ZERO_RETURN: return kClosed;
    case SSL_ERROR_SYSCALL: return errno != 0 ? std::strerror(errno) : kClosed;
    default: break;
  }
  const unsigned long error = ERR_peek_error();
  if (ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return kClosed;
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "failed";
}

// True if the server ended it for the certificate that it asked for: many servers close without a word.
bool IsForOurCertificate(const TlsFacts& facts) {
  return facts.asks_for_cert &&
         (facts.failure == kClosed || facts.failure.find("certificate") != std::string::npos ||
          facts.failure.find("unknown ca") != std::string::npos);
}

void NoteCertificate(SSL* ssl, TlsFacts& facts) {
  const common::CertificatePtr leaf(SSL_get1_peer_certificate(ssl));
  if (leaf != nullptr) facts.leaf = common::FactsOf(*leaf);
}

}  // namespace

TlsFacts ShakeHands(Connection& connection, const TlsSettings& settings, const std::string& host,
                    common::Duration limit) {
  const common::MonoTime end = common::SaturatingAdd(common::SystemClock().Mono(), limit);
  TlsFacts facts;
  facts.expected_name = settings.server_name.empty() ? host : settings.server_name;
  const Context context = MakeContext(settings);
  const Handshake ssl(SSL_new(context.get()));
  SSL_set_app_data(ssl.get(), &facts);
  SSL_set_fd(ssl.get(), connection.fd());
  SetName(ssl.get(), facts.expected_name);
  constexpr unsigned char kAlpn[] = {2, 'h', '2'};
  SSL_set_alpn_protos(ssl.get(), kAlpn, sizeof(kAlpn));
  int result = Drive(ssl.get(), connection, end, [&] { return SSL_connect(ssl.get()); });
  NoteCertificate(ssl.get(), facts);
  if (result <= 0) {
    facts.failure = FailureOf(ssl.get(), result);
    facts.refuses_our_cert = IsForOurCertificate(facts);
    ERR_clear_error();
    return facts;
  }
  facts.is_done = true;
  facts.version = SSL_get_version(ssl.get());
  const unsigned char* protocol = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl.get(), &protocol, &size);
  facts.has_http2 = std::string(reinterpret_cast<const char*>(protocol), size) == "h2";
  const std::string_view preface = Http2Preface();
  Drive(ssl.get(), connection, end,
        [&] { return SSL_write(ssl.get(), preface.data(), static_cast<int>(preface.size())); });
  char first = 0;
  result = Drive(ssl.get(), connection, end, [&] { return SSL_read(ssl.get(), &first, 1); });
  if (result <= 0) {
    facts.failure = FailureOf(ssl.get(), result);
    facts.refuses_our_cert = IsForOurCertificate(facts);
  }
  ERR_clear_error();
  return facts;
}

}  // namespace liveness::cli::doctor
