#include "client/src/parse_stream_end.h"

#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

#include "client/src/session/stream_verdict.h"
#include "liveness/details/v1/error_details.pb.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;

template <typename T>
void Add(details::v1::Status& status, const std::string& name, const T& detail) {
  auto& any = *status.add_details();
  any.set_type_url("type.googleapis.com/google.rpc." + name);
  any.set_value(detail.SerializeAsString());
}

TEST(ParseStreamEnd, ReadsReasonAndRetryDelay) {
  details::v1::Status details;
  details::v1::ErrorInfo info;
  info.set_domain("liveness");
  info.set_reason("TOO_MANY_STREAMS");
  details::v1::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  retry.mutable_retry_delay()->set_nanos(500'000'000);
  Add(details, "ErrorInfo", info);
  Add(details, "RetryInfo", retry);
  const StreamEnd end =
      ParseStreamEnd(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "full", details.SerializeAsString()));
  EXPECT_EQ(end.code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(end.reason, "TOO_MANY_STREAMS");
  EXPECT_EQ(end.message, "full");
  EXPECT_EQ(end.retry_delay, 2500ms);
}

TEST(ParseStreamEnd, AnotherDomainsReasonIsNotOurs) {
  details::v1::Status details;
  details::v1::ErrorInfo info;
  info.set_domain("proxy.example");
  info.set_reason("SUPERSEDED");
  Add(details, "ErrorInfo", info);
  const StreamEnd end =
      ParseStreamEnd(grpc::Status(grpc::StatusCode::ABORTED, "", details.SerializeAsString()));
  EXPECT_EQ(end.reason, "");
  EXPECT_EQ(VerdictOn(end).come_back, ComeBack::kWithToken);
}

TEST(ParseStreamEnd, WhatOnlyLooksLikeAReasonIsNone) {
  details::v1::Status details;
  details::v1::ErrorInfo info;
  info.set_domain("liveness");
  info.set_reason("SUPERSEDED");
  Add(details, "DebugInfo", info);
  const StreamEnd end =
      ParseStreamEnd(grpc::Status(grpc::StatusCode::ABORTED, "", details.SerializeAsString()));
  EXPECT_EQ(end.reason, "");
  EXPECT_FALSE(end.retry_delay);
}

TEST(ParseStreamEnd, GarbageInTheTrailerIsNoReason) {
  const StreamEnd end = ParseStreamEnd(grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone", "\xff\xff\xff"));
  EXPECT_EQ(end.reason, "");
  EXPECT_EQ(end.message, "gone");
}

}  // namespace
}  // namespace liveness::internal
