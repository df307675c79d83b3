// The names of the metrics are an interface: dashboards and alerts of others rest on them.
#include "server/http/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/registry/registry_harness.h"
#include "tests/support/stores/manual_store.h"

namespace liveness::http {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Peer;
using testing::RegistryHarness;

constexpr char kGolden[] = LIVENESS_SOURCE_DIR "/tests/unit/http/metrics/names.golden";
constexpr char kDocument[] = LIVENESS_SOURCE_DIR "/docs/metrics.md";

std::string ReadFile(const char* path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// A registry, and round it a server of which the test says what it does.
class MetricsTest : public ::testing::Test {
 protected:
  MetricsSources Sources() {
    return {.registry = h_.registry,
            .store = h_.store,
            .tls = *tls_,
            .clock = h_.clock,
            .version = "1.2.3",
            .server_id = "s1",
            .start_time = common::WallTime(seconds(1'000)),
            .why_not_ready = [this] { return not_ready_; },
            .last_tick = [this] { return h_.clock.Mono() - std::chrono::milliseconds(5); },
            .streams = [this] { return streams_; },
            .methods = [this] { return methods_; },
            .queues =
                [] {
                  return std::map<std::string, std::size_t>{{"worker_queries", 2}};
                },
            .accept = [this] { return accept_; },
            .http_connections = [] { return std::size_t{3}; },
            .http_refused = [] { return std::int64_t{4}; },
            .hooks = [this] { return hooks_; },
            .audit = [this] { return audit_; },
            .anonymous_may = {"beat"}};
  }
  std::string Scrape() {
    const Response response = Metrics(Sources()).Serve(Request());
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
    return *response.body;
  }

  RegistryHarness h_{registry::RegistryOptions{.count_labels = {"zone"}}};
  std::unique_ptr<auth::ServerTls> tls_ = *auth::ServerTls::Load({}, h_.clock);
  std::vector<std::string> not_ready_;
  StreamSample streams_{.open = 4,
                        .heartbeats = 9,
                        .merged_label_changes = 3,
                        .progress_left_out = 5,
                        .rtts = common::Histogram(common::kRttBounds).Read(),
                        .lines_left_out = 7};
  std::vector<MethodSample> methods_;
  std::optional<net::AcceptFigures> accept_;
  std::vector<HookSample> hooks_;
  AuditSample audit_;
};

TEST_F(MetricsTest, NamesAndTypesAndHelpAreAsTheyWere) {
  methods_.push_back({.method = "m", .times = common::Histogram(common::kAnswerBounds).Read()});
  hooks_.push_back({.name = "pager"});
  std::string described;
  for (const std::string& line : LinesOf(Scrape())) {
    if (line.starts_with("# ")) described += line + "\n";
  }
  EXPECT_EQ(described, ReadFile(kGolden)) << "a name that changes breaks the dashboards and alerts of others";
}

// Some are there only with TLS or a store that servers share.
TEST_F(MetricsTest, TheDocumentHasALineForEachAndForNoOther) {
  std::set<std::string> told, documented;
  for (const std::string& line : LinesOf(ReadFile(kGolden))) {
    if (line.starts_with("# TYPE ")) told.insert(line.substr(7));
  }
  told.insert("liveness_store_lease gauge");
  told.insert("liveness_certificate_not_after_timestamp_seconds gauge");
  const std::regex row("^\\| `(\\w+)(\\{.*\\})?` \\| (counter|gauge|histogram) \\|.*");
  for (const std::string& line : LinesOf(ReadFile(kDocument))) {
    std::smatch match;
    if (std::regex_match(line, match, row)) documented.insert(match[1].str() + " " + match[3].str());
  }
  EXPECT_EQ(documented, told);
}

TEST_F(MetricsTest, CountClientsByStateAndHealth) {
  (void)h_.Attach("a", "i1", std::nullopt, {{"zone", "x"}});
  (void)h_.Attach("b");
  (void)h_.registry.SetMaintenance({.client_id = "b", .until = h_.clock.Wall() + hours(1)}, nullptr);
  EXPECT_THAT(Scrape(), HasSubstr("liveness_clients{state=\"ALIVE\",health=\"OK\"} 1\n"));
  h_.Run(seconds(10));
  const std::string text = Scrape();
  EXPECT_THAT(text, HasSubstr("liveness_clients{state=\"ALIVE\",health=\"OK\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("liveness_clients{state=\"DEAD\",health=\"OK\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("liveness_clients{state=\"DEAD\",health=\"MAINTENANCE\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("liveness_clients_by_label{label=\"zone\",value=\"x\",state=\"DEAD\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("liveness_clients_by_label{label=\"zone\",value=\"\",state=\"DEAD\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("liveness_detection_seconds_count 2\n"));
}

TEST_F(MetricsTest, AFreshServerHasTheSeriesThatRateNeeds) {
  const std::string text = Scrape();
  for (const char* series : {"liveness_transitions_total{to_state=\"DEAD\",cause=\"HOST_UNREACHABLE\"} 0\n",
                             "liveness_unexpected_deaths_total{cause=\"PROCESS_STOPPED\"} 0\n",
                             "liveness_mistakes_total{kind=\"mistaken_death\"} 0\n",
                             "liveness_not_ready{reason=\"STORE_UNAVAILABLE\"} 0\n", "liveness_ready 1\n"}) {
    EXPECT_THAT(text, HasSubstr(series));
  }
}

TEST_F(MetricsTest, SayWhyItIsNotReady) {
  not_ready_ = {"DRAINING", "NEWER_REASON"};
  const std::string text = Scrape();
  EXPECT_THAT(text, HasSubstr("liveness_ready 0\n"));
  EXPECT_THAT(text, HasSubstr("liveness_not_ready{reason=\"DRAINING\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("liveness_not_ready{reason=\"CANARY_SPENT\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("liveness_not_ready{reason=\"NEWER_REASON\"} 1\n"));
}

TEST_F(MetricsTest, SayOfEachHookHowItDoes) {
  EXPECT_THAT(Scrape(), Not(HasSubstr("liveness_hook")));
  hooks_ = {{.name = "chat",
             .taken = 3,
             .failed = 2,
             .misplaced = 1,
             .given_up = 4,
             .silenced = 5,
             .gaps = 6,
             .in_flight = true,
             .lag = seconds(90)},
            {.name = "pager", .gone = 7, .leads = false}};
  const std::string text = Scrape();
  for (const char* series :
       {"liveness_hook_deliveries_total{hook=\"chat\",result=\"taken\"} 3\n",
        "liveness_hook_deliveries_total{hook=\"chat\",result=\"failed\"} 2\n",
        "liveness_hook_deliveries_total{hook=\"chat\",result=\"misplaced\"} 1\n",
        "liveness_hook_deliveries_total{hook=\"chat\",result=\"gone\"} 0\n",
        "liveness_hook_deliveries_total{hook=\"pager\",result=\"gone\"} 7\n",
        "liveness_hook_events_given_up_total{hook=\"chat\"} 4\n",
        "liveness_hook_events_silenced_total{hook=\"chat\"} 5\n",
        "liveness_hook_gaps_total{hook=\"chat\"} 6\n", "liveness_hook_leader{hook=\"chat\"} 1\n",
        "liveness_hook_leader{hook=\"pager\"} 0\n", "liveness_hook_in_flight{hook=\"chat\"} 1\n",
        "liveness_hook_lag_seconds{hook=\"chat\"} 90\n", "liveness_hook_lag_seconds{hook=\"pager\"} 0\n"}) {
    EXPECT_THAT(text, HasSubstr(series));
  }
}

TEST_F(MetricsTest, CountCallsByMethodAndStatus) {
  common::Histogram times(common::kAnswerBounds);
  times.Add(std::chrono::milliseconds(3));
  MethodSample unary{.method = "liveness.v1.RegistryService/GetClient", .began = 3, .times = times.Read()};
  unary.ended[5] = 2;
  MethodSample stream{.method = "liveness.v1.RegistryService/WatchClients", .began = 2};
  stream.ended[1] = 1;
  methods_ = {unary, stream};
  const std::string text = Scrape();
  EXPECT_THAT(text, HasSubstr("liveness_rpc_handled_total{method=\"liveness.v1.RegistryService/GetClient\","
                              "code=\"NOT_FOUND\"} 2\n"));
  EXPECT_THAT(text,
              HasSubstr("liveness_rpc_handled_total{method=\"liveness.v1.RegistryService/WatchClients\","
                        "code=\"CANCELLED\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("liveness_rpc_handling_seconds_count{method="
                              "\"liveness.v1.RegistryService/GetClient\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("liveness_rpc_handling_seconds_count{method="
                                  "\"liveness.v1.RegistryService/WatchClients\"}")));
}

TEST_F(MetricsTest, TellHowFarWatchersAreBehind) {
  auto watch = h_.registry.StartWatch({});
  ASSERT_TRUE(watch.ok());
  while (!(*watch)->Next().empty()) {
  }
  (void)h_.Attach("a");
  while (h_.registry.PublishPending()) {
  }
  h_.clock.Advance(seconds(2));
  const std::string text = Scrape();
  EXPECT_THAT(text, HasSubstr("liveness_watchers 1\n"));
  EXPECT_THAT(text, HasSubstr("liveness_watch_queued_transitions 1\n"));
  EXPECT_THAT(text, HasSubstr("liveness_watch_lag_seconds 2\n"));
  while (!(*watch)->Next().empty()) {
  }
  EXPECT_THAT(Scrape(), HasSubstr("liveness_watch_lag_seconds 0\n"));
}

TEST_F(MetricsTest, OfTheStreams) {
  const std::string text = Scrape();
  for (const char* line :
       {"liveness_streams 4\n", "liveness_heartbeats_total 9\n", "liveness_label_changes_merged_total 3\n",
        "liveness_progress_tokens_left_out_total 5\n", "liveness_log_lines_left_out_total 7\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(MetricsTest, OfTheAuditLog) {
  audit_ = {.noted = {{"ALLOWED", 3}, {"REFUSED", 50}},
            .folded = 40,
            .dropped = 2,
            .bad_tokens = 20,
            .bad_tokens_limited = 5,
            .lines_written = 9,
            .lines_lost = 1,
            .lines_too_fast = 7,
            .kept = 11};
  const std::string text = Scrape();
  for (const char* line :
       {"liveness_audit_events_total{outcome=\"ALLOWED\"} 3\n",
        "liveness_audit_events_total{outcome=\"REFUSED\"} 50\n", "liveness_audit_entries 11\n",
        "liveness_audit_folded_total 40\n", "liveness_audit_dropped_total 2\n",
        "liveness_audit_lines_total 9\n", "liveness_bad_tokens_total{answer=\"refused\"} 20\n",
        "liveness_bad_tokens_total{answer=\"limited\"} 5\n",
        "liveness_audit_lines_lost_total{reason=\"disk\"} 1\n",
        "liveness_audit_lines_lost_total{reason=\"rate\"} 7\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(MetricsTest, OfASharedStoreSayWhetherTheOthersSeeThisServer) {
  EXPECT_THAT(Scrape(), Not(HasSubstr("liveness_store_lease")));
  testing::Ledger ledger;
  testing::ManualStore shared{ledger, testing::ManualStore::Kind::kShared};
  MetricsSources sources = Sources();
  shared.set_health(absl::UnavailableError("etcd is away"));
  const MetricsSources of_shared{.registry = sources.registry,
                                 .store = shared,
                                 .tls = sources.tls,
                                 .clock = sources.clock,
                                 .why_not_ready = sources.why_not_ready,
                                 .last_tick = sources.last_tick,
                                 .streams = sources.streams,
                                 .methods = sources.methods,
                                 .queues = sources.queues,
                                 .accept = sources.accept,
                                 .http_connections = sources.http_connections,
                                 .http_refused = sources.http_refused};
  const std::string text = *Metrics(of_shared).Serve(Request()).body;
  EXPECT_THAT(text, HasSubstr("liveness_store_lease 1\n"));
  EXPECT_THAT(text, HasSubstr("liveness_store_up 0\n"));
}

// Prometheus refuses the whole scrape if a series is there twice.
TEST_F(MetricsTest, NoSeriesIsThereTwice) {
  for (const char* zone : {"", "other", "x"}) {
    (void)h_.Attach(std::string("c-") + zone, "i1", std::nullopt, {{"zone", zone}});
  }
  for (int i = 0; i < 150; ++i) {
    (void)h_.Attach("n" + std::to_string(i), "i1", std::nullopt, {{"zone", "z" + std::to_string(i)}});
  }
  h_.Run(seconds(10));
  std::set<std::string> seen;
  int by_label = 0;
  for (const std::string& line : LinesOf(Scrape())) {
    if (line.starts_with("#")) continue;
    EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << line;
    by_label += line.starts_with("liveness_clients_by_label{") ? 1 : 0;
  }
  EXPECT_EQ(by_label, 4 * 101) << "bounded, whatever clients call themselves";
}

}  // namespace
}  // namespace liveness::http
