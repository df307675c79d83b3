#include "server/http/metrics/family_list.h"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <limits>

namespace liveness::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string TextOf(FamilyList families) { return prometheus::TextSerializer().Serialize(families.Take()); }

TEST(FamilyList, PrintsCountersGaugesAndHistograms) {
  static constexpr std::array<common::Duration, 2> kBounds = {milliseconds(500), seconds(1)};
  common::Histogram histogram(kBounds);
  for (const auto span : {milliseconds(100), milliseconds(700), milliseconds(800), milliseconds(1'400)}) {
    histogram.Add(span);
  }
  FamilyList families;
  families.Counter("c_total", "A counter.").Add(3, {{"b", "1"}, {"a", "2"}}).Add(4, {{"b", "2"}, {"a", "2"}});
  families.Gauge("g_seconds", "A gauge.").Add(milliseconds(1'500));
  families.Histogram("h_seconds", "A histogram.").Add(histogram.Read());
  EXPECT_EQ(TextOf(std::move(families)),
            "# HELP c_total A counter.\n"
            "# TYPE c_total counter\n"
            "c_total{b=\"1\",a=\"2\"} 3\n"
            "c_total{b=\"2\",a=\"2\"} 4\n"
            "# HELP g_seconds A gauge.\n"
            "# TYPE g_seconds gauge\n"
            "g_seconds 1.5\n"
            "# HELP h_seconds A histogram.\n"
            "# TYPE h_seconds histogram\n"
            "h_seconds_count 4\n"
            "h_seconds_sum 3\n"
            "h_seconds_bucket{le=\"0.5\"} 1\n"
            "h_seconds_bucket{le=\"1\"} 3\n"
            "h_seconds_bucket{le=\"+Inf\"} 4\n");
}

TEST(FamilyList, WhatAClientWroteBreaksNoLine) {
  FamilyList families;
  families.Gauge("g", "G.").Add(1, {{"value", "a\"b\\c\nd"}});
  EXPECT_EQ(TextOf(std::move(families)), "# HELP g G.\n# TYPE g gauge\ng{value=\"a\\\"b\\\\c\\nd\"} 1\n");
}

TEST(FamilyList, KeepsWholeNumbersWhole) {
  FamilyList families;
  families.Counter("c_total", "C.").Add(std::uint64_t{1'700'000'000'123'456});
  EXPECT_NE(TextOf(std::move(families)).find("c_total 1700000000123456\n"), std::string::npos);
}

}  // namespace
}  // namespace liveness::http
