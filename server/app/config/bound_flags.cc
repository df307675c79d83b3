#include "server/app/config/bound_flags.h"

#include <chrono>

#include "common/flags/numbers.h"
#include "common/limits.h"

namespace liveness::app {
namespace {

constexpr char kGroup[] = "Bounds";
// Below this the buffers of a few honest connections would be too much.
constexpr std::size_t kLeastBufferMib = 64;
constexpr std::size_t kMib = 1024 * 1024;
constexpr auto kLeastIdle = std::chrono::seconds(1);
constexpr auto kLongestIdle = std::chrono::hours(24);
constexpr auto kLeastPatience = std::chrono::milliseconds(100);

}  // namespace

void BoundFlags::AddTo(CLI::App& app, BoundSettings& settings) {
  app.add_option("--max-streams-per-connection", settings.http2.max_streams_per_connection,
                 "Calls that one connection may have open; a client's further ones wait in the client. A "
                 "connection that does not keep to it is closed. 0: no limit")
      ->check(common::CountBetween(0, 1'000'000))
      ->type_name("COUNT")
      ->capture_default_str()
      ->group(kGroup);
  app.add_option("--max-watchers-per-peer", settings.max_watchers_per_peer,
                 "WatchClients streams from one address, or of one principal; 0: as many as --max-watchers. "
                 "Raise it where all "
                 "viewers come through one proxy (three quarters of --max-watchers)")
      ->check(common::CountBetween(0, 1'000'000))
      ->type_name("COUNT")
      ->group(kGroup);
  app.add_option("--max-streams-per-principal", settings.max_streams_per_principal,
                 "Heartbeat streams of one principal; 0: no limit (three quarters of --max-clients)")
      ->check(common::CountBetween(0, 100'000'000))
      ->type_name("COUNT")
      ->group(kGroup);
  app.add_option("--max-hello-rate", settings.max_hello_rate,
                 "Sessions that one principal, or one address where nobody proves who it is, may begin in a "
                 "second, and ten times as many at once after a rest; the others are told when to come back. "
                 "0: no limit")
      ->check(common::CountBetween(0, 1'000'000))
      ->type_name("COUNT")
      ->capture_default_str()
      ->group(kGroup);
  app.add_option(
         "--max-label-rate", settings.max_label_rate,
         "Changes of its labels that a client may make in an interval on average, 25 times as many at "
         "once after a rest; of those in between only the last is told. 0: no limit")
      ->check(common::CountBetween(0, 1'000'000))
      ->type_name("COUNT")
      ->capture_default_str()
      ->group(kGroup);
  app.add_option(
         "--max-progress-tokens", settings.max_progress_tokens,
         "Of a client's progress tokens that are kept, up to 0.2 KB each: those that are most behind, so "
         "that none that is stale is missed")
      ->check(common::CountBetween(1, common::kMaxProgressTokens))
      ->type_name("COUNT")
      ->capture_default_str()
      ->group(kGroup);
  app.add_option("--max-log-rate", settings.max_log_rate,
                 "Lines in the log a second for each reason for which streams end badly, half of them of one "
                 "address; 0: no limit")
      ->check(common::CountBetween(0, 1'000'000))
      ->type_name("COUNT")
      ->capture_default_str()
      ->group(kGroup);
  app.add_option(
         "--max-watch-filter-cost", settings.max_watch_filter_cost,
         "Of all distinct filters of watches together, each of which is asked of every change; a comparison "
         "costs 2 or more, some 10 ns each. Filters that cost up to 100 are always let in")
      ->check(common::CountBetween(0, 1'000'000'000))
      ->type_name("COUNT")
      ->capture_default_str()
      ->group(kGroup);
  app.add_option("--max-ended", settings.max_ended,
                 "Records of clients that are DEAD or LEFT, about 1 KiB each; beyond it the oldest are "
                 "forgotten, and first those of a principal, or address, that has more than half")
      ->check(common::CountBetween(0, 10'000'000))
      ->type_name("COUNT")
      ->capture_default_str()
      ->group(kGroup);
  idle_timeout_
      .AddTo(app, "--idle-connection-timeout",
             "A connection without a call is closed after this, at 1.6 KiB for each of all; 0: never (0)")
      ->group(kGroup);
  request_timeout_
      .AddTo(app, "--request-timeout", "How long the request of a call that was begun may take to come (5s)",
             kLeastPatience)
      ->group(kGroup);
  answer_timeout_
      .AddTo(app, "--answer-timeout", "A caller that has not taken its answer after this is cut off (30s)",
             kLeastPatience)
      ->group(kGroup);
  app.add_option("--max-buffer-mib", max_buffer_mib_,
                 "Of all buffers of connections together, at least 64; past it gRPC ends streams at random, "
                 "so leave room. 0: no bound")
      ->check(common::CountBetween(0, SIZE_MAX / kMib).description(""))
      ->type_name("MIB")
      ->capture_default_str()
      ->group(kGroup);
}

std::string BoundFlags::ApplyTo(BoundSettings& settings) const {
  idle_timeout_.ApplyTo(settings.http2.idle_timeout);
  if (settings.http2.idle_timeout != common::Duration::zero() &&
      (settings.http2.idle_timeout < kLeastIdle || settings.http2.idle_timeout > kLongestIdle)) {
    return "--idle-connection-timeout: 0, or between 1s and 24h";
  }
  if (max_buffer_mib_ != 0 && max_buffer_mib_ < kLeastBufferMib) return "--max-buffer-mib: 0, or at least 64";
  settings.http2.max_buffer_bytes = max_buffer_mib_ * kMib;
  request_timeout_.ApplyTo(settings.patience.request);
  answer_timeout_.ApplyTo(settings.patience.answer);
  return {};
}

}  // namespace liveness::app
