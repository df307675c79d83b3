#include "server/http/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "liveness/v1/admin_service.pb.h"
#include "liveness/v1/registry_service.pb.h"

namespace liveness::http {
namespace {

using ::testing::HasSubstr;

TEST(Json, KeepsTheFieldsNamesAndSaysDefaults) {
  v1::GetStatsRequest request;
  request.set_group_by_label("zone");
  EXPECT_EQ(ToJson(request), "{\"filter\":\"\",\"group_by_label\":\"zone\"}");
}

TEST(Json, TextIsSafeInAPage) {
  EXPECT_EQ(JsonString("a\"\\\n<b>&\x7f"), "\"a\\\"\\\\\\u000a\\u003cb\\u003e\\u0026\\u007f\"");
  EXPECT_EQ(JsonString("\xff"), "\"\\ufffd\"");
  v1::GetStatsRequest request;
  request.set_filter("</script>");
  EXPECT_THAT(ToJson(request), ::testing::Not(HasSubstr("</script>")));
}

TEST(Json, QueriesBecomeFields) {
  v1::ListClientsRequest request;
  const absl::Status filled = FromQuery(
      {{"page_size", "7"}, {"filter", "a = \"b\""}, {"view", "CLIENT_VIEW_FULL"}, {"order_by", "1"}},
      request);
  ASSERT_TRUE(filled.ok()) << filled;
  EXPECT_EQ(request.page_size(), 7);
  EXPECT_EQ(request.filter(), "a = \"b\"");
  EXPECT_EQ(request.view(), v1::CLIENT_VIEW_FULL);
  EXPECT_EQ(request.order_by(), "1");
  v1::WatchClientsRequest watch;
  ASSERT_TRUE(
      FromQuery({{"start_revision", "18446744073709551615"}, {"bookmark_interval", "1.5s"}}, watch).ok());
  EXPECT_EQ(watch.start_revision(), 18446744073709551615U);
  EXPECT_EQ(watch.bookmark_interval().nanos(), 500'000'000);
}

TEST(Json, BadParametersAreNamed) {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"page_size", "x"},
                                                        {"page_size", "99999999999"},
                                                        {"page_size", ""},
                                                        {"view", "RED"},
                                                        {"colour", "1"}}) {
    v1::ListClientsRequest request;
    const absl::Status filled = FromQuery({{name, value}}, request);
    EXPECT_EQ(common::ReasonOf(filled), "BAD_PARAMETER") << name << value;
    EXPECT_THAT(std::string(filled.message()), HasSubstr(name));
  }
  v1::WatchClientsRequest watch;
  EXPECT_FALSE(FromQuery({{"bookmark_interval", "5"}}, watch).ok());
  v1::GetStatsRequest stats;
  EXPECT_FALSE(FromQuery({{"filter", "a"}, {"filter", "b"}}, stats).ok());
}

TEST(Json, FaultsOfABodyHaveTheirPlace) {
  const auto message = [](const std::string& body) {
    v1::SetMaintenanceRequest request;
    const absl::Status parsed = FromJson(body, request);
    EXPECT_EQ(common::ReasonOf(parsed), "BAD_JSON") << body;
    return std::string(parsed.message());
  };
  EXPECT_THAT(message("{\"filter\": oops}"), HasSubstr("line 1, column 12"));
  EXPECT_THAT(message("{\n\"filter\": \"a\",\n  \"name\" 3}"), HasSubstr("line 3, column 10"));
  EXPECT_THAT(message("{\"colour\": 1}"), HasSubstr("colour"));
  message("{");
  message("[]");
  message("\xff");
  v1::SetMaintenanceRequest request;
  EXPECT_TRUE(FromJson("", request).ok());
  EXPECT_TRUE(FromJson("{\"filter\":\"a = 1\"}", request).ok());
  EXPECT_EQ(request.filter(), "a = 1");
}

}  // namespace
}  // namespace liveness::http
