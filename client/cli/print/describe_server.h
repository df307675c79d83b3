// A server in full, for people: what it is, whether it is ready and why not, and what
// befell it lately. Pure.
#pragma once

#include <string>

#include "common/clock.h"
#include "liveness/v1/admin_service.pb.h"

namespace liveness::cli {

// `asked` is the address at which the server was asked, `now` what ages are reckoned from. Incidents stand
// newest first: `all` of them, or the latest ten.
std::string DescribeServer(const v1::ServerInfo& info, const std::string& asked, common::WallTime now,
                           bool all);

}  // namespace liveness::cli
