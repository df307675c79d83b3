#include "client/cli/print/client_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <sstream>

namespace liveness::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr common::WallTime kNow{std::chrono::seconds(1'700'000'000)};

v1::Client Sample() {
  v1::Client client;
  client.set_client_id("web-1");
  client.set_state(v1::STATE_ALIVE);
  client.set_health(v1::HEALTH_OK);
  client.set_server_id("srv");
  client.set_instance_id("i1");
  client.set_pid(4711);
  client.mutable_register_time()->set_seconds(1'700'000'000 - 200);
  client.mutable_state_time()->set_seconds(1'700'000'000 - 190);
  client.mutable_last_heartbeat_time()->set_seconds(1'700'000'000 - 1);
  client.mutable_last_heartbeat_time()->set_nanos(500'000'000);
  client.mutable_interval()->set_seconds(1);
  client.mutable_timeout()->set_nanos(500'000'000);
  client.mutable_timeout()->set_seconds(2);
  return client;
}

TEST(ClientTableTest, NameFirstAgeLast) {
  std::ostringstream out;
  Table table(out, ClientHeaders(false), {});
  table.AddRow(ClientCells(Sample(), kNow, false));
  table.Flush();
  EXPECT_EQ(out.str(),
            "NAME    STATE   FOR     HEALTH   CAUSE    LAST-HEARTBEAT   SERVER   AGE\n"
            "web-1   ALIVE   3m10s   OK       <none>   500ms            srv      3m20s\n");
}

TEST(ClientTableTest, WideShowsMore) {
  std::ostringstream out;
  Table table(out, ClientHeaders(true), {.headers = false});
  table.AddRow(ClientCells(Sample(), kNow, true));
  table.Flush();
  EXPECT_THAT(out.str(), StartsWith("web-1   ALIVE"));
  EXPECT_THAT(out.str(), HasSubstr("4711"));
  EXPECT_THAT(out.str(), HasSubstr("1s/2.5s   no   <none>"));
  EXPECT_THAT(out.str(), EndsWith("3m20s\n"));
}

TEST(ClientTableTest, WideShowsWhoFlaps) {
  std::ostringstream out;
  Table table(out, ClientHeaders(true), {});
  v1::Client client = Sample();
  client.set_flapping(true);
  table.AddRow(ClientCells(client, kNow, true));
  table.Flush();
  EXPECT_THAT(out.str(), HasSubstr("INTERVAL/TIMEOUT   FLAPPING   LABELS   WHY"));
  EXPECT_THAT(out.str(), HasSubstr("1s/2.5s            yes        <none>"));
}

TEST(ClientTableTest, WideSaysWhy) {
  std::ostringstream out;
  Table table(out, ClientHeaders(true), {.headers = false});
  v1::Client client = Sample();
  client.mutable_evidence()->set_summary("its kernel closed the connection");
  table.AddRow(ClientCells(client, kNow, true));
  client.mutable_maintenance()->mutable_end_time()->set_seconds(1'700'000'060);
  client.mutable_maintenance()->set_author("10.0.0.1");
  client.mutable_maintenance()->set_reason("disks");
  table.AddRow(ClientCells(client, kNow, true));
  client.clear_evidence();
  client.clear_maintenance();
  client.mutable_maintenance();
  table.AddRow(ClientCells(client, kNow, true));
  table.Flush();
  EXPECT_THAT(out.str(), HasSubstr("   its kernel closed the connection "));
  EXPECT_THAT(out.str(), HasSubstr("   its kernel closed the connection; in maintenance until "
                                   "2023-11-14T22:14:20.000Z by 10.0.0.1: disks   3m20s\n"));
  EXPECT_THAT(out.str(), HasSubstr("   in maintenance "));
}

TEST(ClientTableTest, AClientNeverHeardHasNoSpans) {
  std::ostringstream out;
  Table table(out, ClientHeaders(false), {.headers = false});
  v1::Client client;
  client.set_client_id("x");
  table.AddRow(ClientCells(client, kNow, false));
  table.Flush();
  EXPECT_EQ(out.str(), "x   <none>   <none>   <none>   <none>   <none>   <none>   <none>\n");
}

}  // namespace
}  // namespace liveness::cli
