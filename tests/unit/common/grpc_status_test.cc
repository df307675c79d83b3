#include "common/grpc/grpc_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/status.h"
#include "liveness/details/v1/error_details.pb.h"

namespace liveness::common {
namespace {

template <typename Detail>
void Pack(const Detail& detail, const std::string& name, details::v1::Status& status) {
  google::protobuf::Any& any = *status.add_details();
  any.set_type_url("type.googleapis.com/google.rpc." + name);
  any.set_value(detail.SerializeAsString());
}

TEST(GrpcStatusTest, ReadsReasonFieldsAndRetryDelay) {
  details::v1::Status packed;
  details::v1::ErrorInfo info;
  info.set_reason("BAD_FILTER");
  Pack(info, "ErrorInfo", packed);
  details::v1::BadRequest bad_request;
  bad_request.add_field_violations()->set_field("filter");
  bad_request.mutable_field_violations(0)->set_description("column 3: no value");
  Pack(bad_request, "BadRequest", packed);
  details::v1::RetryInfo retry;
  retry.mutable_retry_delay()->set_nanos(250'000'000);
  Pack(retry, "RetryInfo", packed);

  const absl::Status status =
      FromGrpc(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "bad", packed.SerializeAsString()));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(common::ReasonOf(status), "BAD_FILTER");
  EXPECT_THAT(common::ViolationsOf(status),
              ::testing::ElementsAre(common::FieldViolation{"filter", "column 3: no value"}));
  EXPECT_EQ(common::RetryDelayOf(status), std::chrono::milliseconds(250));
}

TEST(GrpcStatusTest, AStatusWithoutDetailsHasNoReason) {
  const absl::Status status = FromGrpc(grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone", "\xff garbage"));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "gone");
  EXPECT_EQ(common::ReasonOf(status), "");
}

TEST(GrpcStatusTest, OkIsOk) { EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok()); }

}  // namespace
}  // namespace liveness::common
