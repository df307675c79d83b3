#include "server/rpc/heartbeat/heartbeat_welcome.h"

#include "server/rpc/convert/convert.h"

namespace liveness::rpc {

WelcomeTerms TermsOf(const registry::HelloRequest& hello) {
  return {.client_id = hello.info.client_id,
          .instance_id = hello.info.instance_id,
          .interval = hello.interval,
          .timeout = hello.timeout,
          .keepalive = hello.keepalive,
          .accrual_threshold = hello.accrual_threshold,
          .quality = hello.quality};
}

v1::HeartbeatResponse MakeWelcome(const WelcomeTerms& terms, const registry::Attached& attached,
                                  std::string_view server_id, const core::ResumeTokens& resume_tokens,
                                  common::WallTime now) {
  v1::HeartbeatResponse response;
  v1::Welcome& welcome = *response.mutable_welcome();
  welcome.set_incarnation(attached.incarnation);
  welcome.set_server_id(std::string(server_id));
  ToProto(terms.interval, *welcome.mutable_interval());
  ToProto(terms.timeout, *welcome.mutable_timeout());
  ToProto(attached.vouched_for, *welcome.mutable_vouched_for());
  ToProto(attached.resume_grace, *welcome.mutable_resume_grace());
  welcome.set_resume_token(
      resume_tokens.Issue(terms.client_id, terms.instance_id, attached.incarnation, now));
  if (terms.keepalive != nullptr) ToProto(*terms.keepalive, *welcome.mutable_keepalive());
  welcome.mutable_detection()->set_method(terms.accrual_threshold ? v1::DETECTION_METHOD_ACCRUAL
                                                                  : v1::DETECTION_METHOD_FIXED);
  welcome.mutable_detection()->set_threshold(terms.accrual_threshold.value_or(0));
  if (terms.quality) {
    ToProto(terms.quality->found_within, *welcome.mutable_quality()->mutable_found_within());
    ToProto(terms.quality->mistake_recurrence, *welcome.mutable_quality()->mutable_mistake_recurrence());
  }
  return response;
}

}  // namespace liveness::rpc
