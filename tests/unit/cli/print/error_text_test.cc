#include "client/cli/print/error_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"

namespace liveness::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(ErrorTextTest, ARefusedConnectionSaysWhatToDo) {
  const absl::Status status = absl::UnavailableError(
      "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:7700: Failed to connect to "
      "remote "
      "host: Connection refused");
  EXPECT_EQ(
      ErrorText(status, "127.0.0.1:7700"),
      "cannot reach 127.0.0.1:7700: connection refused; is livenessd running? (--server or LIVENESS_SERVER)");
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kUnavailable);
}

TEST(ErrorTextTest, AServerThatIsThereButDrainsIsNotCalledUnreachable) {
  const absl::Status status = common::Error(absl::StatusCode::kUnavailable, "DRAINING", "going away");
  EXPECT_EQ(ErrorText(status, "a:1"),
            "a:1 cannot serve now: going away (DRAINING); try again, or another --server");
}

TEST(ErrorTextTest, EveryWrongFieldIsNamed) {
  const absl::Status status = common::BadFields(
      "BAD_FILTER", {{"filter", "column 9: expected a value"}, {"page_size", "is negative"}});
  EXPECT_EQ(
      ErrorText(status, "a:1"),
      "the request was refused (BAD_FILTER):\n  filter column 9: expected a value\n  page_size is negative");
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kUsage);
}

TEST(ErrorTextTest, TlsTroubleNamesTheFlagsToLookAt) {
  EXPECT_THAT(ConnectionFailure("Ssl handshake failed: SSL_ERROR_SSL: CERTIFICATE_VERIFY_FAILED"),
              HasSubstr("--tls-ca"));
  EXPECT_THAT(ConnectionFailure("SSL_ERROR_SSL: certificate verify failed"), HasSubstr("--tls-ca"));
  EXPECT_THAT(ConnectionFailure("x: WRONG_VERSION_NUMBER"), HasSubstr("does not speak TLS"));
  EXPECT_THAT(ConnectionFailure("SSL routines::wrong version number"), HasSubstr("does not speak TLS"));
  EXPECT_THAT(ConnectionFailure("Socket closed"), HasSubstr("expect TLS"));
}

TEST(ErrorTextTest, AcronymsKeepTheirCase) {
  EXPECT_EQ(ConnectionFailure("x: Domain name not found"), "domain name not found");
  EXPECT_EQ(ConnectionFailure("x: DNS is down"), "DNS is down");
}

TEST(ErrorTextTest, CodesAreDistinct) {
  EXPECT_EQ(ExitCodeOf(absl::NotFoundError("")), ExitCode::kNotFound);
  EXPECT_EQ(ExitCodeOf(absl::PermissionDeniedError("")), ExitCode::kDenied);
  EXPECT_EQ(ExitCodeOf(absl::UnauthenticatedError("")), ExitCode::kDenied);
  EXPECT_EQ(ExitCodeOf(absl::DeadlineExceededError("")), ExitCode::kTimeout);
  EXPECT_EQ(ExitCodeOf(absl::OutOfRangeError("")), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(absl::InternalError("")), ExitCode::kError);
}

TEST(ErrorTextTest, AServersWordsCannotReachTheTerminal) {
  EXPECT_THAT(ErrorText(absl::InternalError("\x1b[2J"), "a:1"), StartsWith("\\x1b[2J"));
}

TEST(ErrorTextTest, WhereTlsWasAskedForItIsNotAskedAbout) {
  const absl::Status closed =
      absl::UnavailableError("last error: UNAVAILABLE: ipv4:127.0.0.1:7700: Socket closed");
  TlsSettings tls{.enabled = true, .ca_file = "ca.pem"};
  const std::string without = ErrorText(closed, "a:1", tls);
  EXPECT_THAT(without, HasSubstr("does it ask for a certificate of yours? (--tls-cert, --tls-key)"));
  EXPECT_THAT(without, Not(HasSubstr("is livenessd running")));
  tls.cert_file = "me.pem";
  EXPECT_THAT(ErrorText(closed, "a:1", tls), HasSubstr("does it trust your certificate? (me.pem"));
  EXPECT_THAT(ErrorText(closed, "a:1"), HasSubstr("does it expect TLS?"));
  EXPECT_THAT(ConnectionFailure("x: SETTINGS frame", tls), Not(HasSubstr("TLS")));
}

TEST(ErrorTextTest, AReasonCannotReachTheTerminal) {
  EXPECT_EQ(ErrorText(common::Error(absl::StatusCode::kInternal, "R\x1b[2J\u200b", "no"), "a:1"),
            "no (R\\x1b[2J\\u{200b})");
}

TEST(ErrorTextTest, AClientThatIsUnknownIsNamedBeyondDoubt) {
  EXPECT_EQ(NoClientText("web-1", "a:1"), "no client web-1 on a:1; see livenessctl list");
  EXPECT_THAT(NoClientText("clients/w", "a:1"), HasSubstr("no client w on a:1; "));
  EXPECT_THAT(NoClientText("clients/w", "a:1"), HasSubstr("clients/clients/..."));
  EXPECT_THAT(NoClientText("w\u0435b", "a:1"), HasSubstr("in ASCII: w\\u{0435}b"));
}

}  // namespace
}  // namespace liveness::cli
