// What a server says to a client, which need not trust it: whatever it grants, the client beats at a sane
// pace.
#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "client/src/messages.h"
#include "client/src/session/terms.h"
#include "liveness/v1/heartbeat_service.pb.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/parse.h"

namespace liveness::fuzz {

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds = {""};
  v1::HeartbeatResponse response;
  response.mutable_welcome()->set_server_id("s-1");
  response.mutable_welcome()->set_incarnation(7);
  response.mutable_welcome()->mutable_interval()->set_seconds(1);
  response.mutable_welcome()->mutable_timeout()->set_seconds(3);
  seeds.push_back(response.SerializeAsString());
  response.mutable_welcome()->mutable_timeout()->set_seconds(std::numeric_limits<std::int64_t>::max());
  response.mutable_welcome()->mutable_interval()->set_seconds(-1);
  seeds.push_back(response.SerializeAsString());
  response.mutable_pong()->set_sequence(1);
  seeds.push_back(response.SerializeAsString());
  return seeds;
}

void Try(std::string_view input) {
  v1::HeartbeatResponse response;
  if (!Parse(input, response)) return;
  if (response.has_pong()) (void)internal::VouchedFor(response.pong());
  if (!response.has_welcome()) return;
  (void)internal::VouchedFor(response.welcome());
  const Welcome welcome = internal::FromProto(response.welcome());
  for (const internal::AskedTerms& asked :
       {internal::AskedTerms{}, internal::AskedTerms{std::chrono::seconds(1), std::chrono::seconds(3)}}) {
    const internal::Terms terms = internal::Agree(asked, welcome);
    Require(terms.timeout >= std::chrono::milliseconds(1) && terms.timeout <= std::chrono::hours(24),
            "the timeout is from a millisecond to a day");
    Require(terms.period > common::Duration::zero() &&
                terms.period <= std::max<common::Duration>(terms.timeout / 2, std::chrono::milliseconds(10)),
            "two pings go out within the timeout, and not in a flood");
  }
}

}  // namespace liveness::fuzz
