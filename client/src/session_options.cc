#include "client/src/session_options.h"

#include <string>
#include <utility>
#include <vector>

#include "common/random.h"

namespace liveness::internal {
namespace {

// Without TLS a path of the file system shows who listens there, and a port shows nothing.
std::vector<int> TrustOf(const ClientOptions& options) {
  std::vector<int> trust;
  for (const std::string& target : options.targets) {
    trust.push_back(!options.tls && target.starts_with("unix:") ? 1 : 0);
  }
  return trust;
}

}  // namespace

Session::Options SessionOptions(const ClientOptions& options, std::function<PathLook(StreamId)> look) {
  Session::Options result;
  result.targets = options.targets.size();
  result.resume = options.resume;
  result.welcome_timeout = options.welcome_timeout;
  result.interval = options.interval;
  result.timeout = options.quality ? options.quality->found_within : options.timeout;
  result.random = common::RandomUniform;
  result.trust = TrustOf(options);
  result.look = std::move(look);
  return result;
}

}  // namespace liveness::internal
