#include "client/cli/print/error_text.h"

#include <cctype>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/proto_text.h"
#include "common/status.h"

namespace liveness::cli {
namespace {

bool Has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// True if no server was there: a server's own UNAVAILABLE has a reason.
bool NeverReached(const absl::Status& status) {
  return absl::IsUnavailable(status) && common::ReasonOf(status).empty();
}

// What may have been missing for a server that took the connection and closed it.
std::string ClosedAtOnce(const TlsSettings& tls) {
  if (!tls.enabled) return "it closed the connection at once; does it expect TLS? (--tls, --tls-ca)";
  if (tls.cert_file.empty()) {
    return "it closed the connection after the TLS handshake; does it ask for a certificate of yours? "
           "(--tls-cert, --tls-key)";
  }
  return absl::StrCat("it closed the connection after the TLS handshake; does it trust your certificate? (",
                      tls.cert_file, "; its --tls-ca must have signed it)");
}

}  // namespace

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk: return ExitCode::kOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange: return ExitCode::kUsage;
    case absl::StatusCode::kNotFound: return ExitCode::kNotFound;
    case absl::StatusCode::kUnavailable: return ExitCode::kUnavailable;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated: return ExitCode::kDenied;
    case absl::StatusCode::kDeadlineExceeded: return ExitCode::kTimeout;
    default: return ExitCode::kError;
  }
}

std::string ConnectionFailure(std::string_view grpc_message, const TlsSettings& tls) {
  // BoringSSL writes in capitals what OpenSSL writes in small letters.
  if (Has(grpc_message, "CERTIFICATE_VERIFY_FAILED") || Has(grpc_message, "certificate verify failed")) {
    return "its certificate is not signed by a trusted root, or is for another name (--tls-ca, "
           "--tls-server-name)";
  }
  if (Has(grpc_message, "WRONG_VERSION_NUMBER") || Has(grpc_message, "wrong version number")) {
    return "it does not speak TLS (leave the --tls flags out)";
  }
  if (Has(grpc_message, "SSL") || Has(grpc_message, "Ssl")) {
    return "the TLS handshake failed (--tls-ca, --tls-cert, --tls-key)";
  }
  if (Has(grpc_message, "SETTINGS frame")) {
    return tls.enabled ? "it takes connections and says nothing: stopped, or overloaded"
                       : "it takes connections and says nothing: stopped, overloaded, or expecting TLS "
                         "(--tls, --tls-ca)";
  }
  if (Has(grpc_message, "Socket closed")) {
    return ClosedAtOnce(tls);
  }
  const std::size_t colon = grpc_message.rfind(": ");
  std::string text(colon == std::string_view::npos ? grpc_message : grpc_message.substr(colon + 2));
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

std::string NoClientText(const std::string& name, std::string_view server) {
  const bool whole = name != ClientId(name);
  return absl::StrCat(
      "no client ", DistinctName(ClientId(name)), " on ", std::string(server), "; see livenessctl list",
      whole ? " (an id that itself begins with clients/ is written clients/clients/...)" : "");
}

std::string ErrorText(const absl::Status& status, std::string_view server, const TlsSettings& tls) {
  const std::string where(server);
  const std::string message = Printable(std::string(status.message()));
  const std::string reason = common::ReasonOf(status);
  const std::string reason_suffix = reason.empty() ? "" : absl::StrCat(" (", Printable(reason), ")");
  if (NeverReached(status)) {
    const std::string why = ConnectionFailure(message, tls);
    // If `why` names a flag as the remedy, the server does run.
    return absl::StrCat("cannot reach ", where, ": ", why,
                        Has(why, "--tls") ? "" : "; is livenessd running? (--server or LIVENESS_SERVER)");
  }
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return absl::StrCat(where, " cannot serve now: ", message, reason_suffix,
                          "; try again, or another --server");
    case absl::StatusCode::kDeadlineExceeded:
      return absl::StrCat("no answer from ", where, " in time; raise --timeout, or look at the server");
    case absl::StatusCode::kUnauthenticated:
      return absl::StrCat(where, " does not know who you are: ", message, reason_suffix,
                          "; give --token-file, or --tls-cert and --tls-key");
    case absl::StatusCode::kPermissionDenied:
      return absl::StrCat(where, " does not allow this: ", message, reason_suffix);
    case absl::StatusCode::kUnimplemented:
      return absl::StrCat(where, " does not know this request: it is an older livenessd, or no livenessd (",
                          message, ")");
    case absl::StatusCode::kInvalidArgument: {
      const std::vector<common::FieldViolation> violations = common::ViolationsOf(status);
      if (violations.empty()) return absl::StrCat(message, reason_suffix);
      std::string text = absl::StrCat("the request was refused", reason_suffix, ":");
      for (const common::FieldViolation& violation : violations) {
        absl::StrAppend(&text, "\n  ", Printable(violation.field), " ", Printable(violation.description));
      }
      return text;
    }
    default: return absl::StrCat(message, reason_suffix);
  }
}

}  // namespace liveness::cli
