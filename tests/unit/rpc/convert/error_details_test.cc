#include "server/rpc/convert/error_details.h"

#include <gtest/gtest.h>

#include "common/status.h"
#include "liveness/details/v1/error_details.pb.h"

namespace liveness::rpc {
namespace {

namespace details = ::liveness::details::v1;

template <typename Detail>
Detail Unpack(const google::protobuf::Any& any, const std::string& name) {
  EXPECT_EQ(any.type_url(), "type.googleapis.com/google.rpc." + name);
  Detail detail;
  EXPECT_TRUE(detail.ParseFromString(any.value()));
  return detail;
}

details::Status DetailsOf(const grpc::Status& status) {
  details::Status packed;
  EXPECT_TRUE(packed.ParseFromString(status.error_details()));
  return packed;
}

TEST(ErrorDetailsTest, OkIsOk) { EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok()); }

TEST(ErrorDetailsTest, WithoutReasonThereAreNoDetails) {
  const grpc::Status status = ToGrpcStatus(absl::NotFoundError("nobody"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "nobody");
  EXPECT_TRUE(status.error_details().empty());
}

TEST(ErrorDetailsTest, ReasonBecomesErrorInfo) {
  const grpc::Status status =
      ToGrpcStatus(common::Error(absl::StatusCode::kAborted, "SUPERSEDED", "a newer instance took over"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  const details::Status packed = DetailsOf(status);
  // Stock clients refuse details whose code or message differ from the trailer's.
  EXPECT_EQ(packed.code(), 10);
  EXPECT_EQ(packed.message(), "a newer instance took over");
  ASSERT_EQ(packed.details_size(), 1);
  const auto info = Unpack<details::ErrorInfo>(packed.details(0), "ErrorInfo");
  EXPECT_EQ(info.reason(), "SUPERSEDED");
  EXPECT_EQ(info.domain(), "liveness");
}

TEST(ErrorDetailsTest, EveryWrongFieldIsNamed) {
  const details::Status packed = DetailsOf(ToGrpcStatus(
      common::BadFields("BAD_HELLO", {{"hello.client_id", "is empty"}, {"hello.interval", "is 0"}})));
  ASSERT_EQ(packed.details_size(), 2);
  const auto bad = Unpack<details::BadRequest>(packed.details(1), "BadRequest");
  ASSERT_EQ(bad.field_violations_size(), 2);
  EXPECT_EQ(bad.field_violations(0).field(), "hello.client_id");
  EXPECT_EQ(bad.field_violations(1).description(), "is 0");
}

TEST(ErrorDetailsTest, QuotasSayWhenToComeBack) {
  const details::Status packed = DetailsOf(ToGrpcStatus(
      common::WithRetryDelay(common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS", "no"),
                             std::chrono::milliseconds(1500))));
  ASSERT_EQ(packed.details_size(), 2);
  const auto retry = Unpack<details::RetryInfo>(packed.details(1), "RetryInfo");
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
}

}  // namespace
}  // namespace liveness::rpc
