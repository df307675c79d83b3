#include "client/src/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

ClientOptions Good() {
  ClientOptions options;
  options.targets = {"127.0.0.1:7700"};
  options.client_id = "worker";
  return options;
}

std::string Wrong(const ClientOptions& options) {
  const auto result = Complete(options);
  if (result) return "";
  EXPECT_EQ(result.error().reason, "BAD_OPTIONS");
  return result.error().message;
}

TEST(Complete, FillsInTheProcess) {
  const auto a = Complete(Good());
  const auto b = Complete(Good());
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a.value().instance_id.size(), 32u);
  EXPECT_NE(a.value().instance_id, b.value().instance_id);
  EXPECT_EQ(a.value().pid, getpid());
  EXPECT_FALSE(a.value().host.empty());
  EXPECT_EQ(a.value().keepalive, Keepalive::Standard());
  EXPECT_FALSE(a.value().interval) << "the server's preset holds";
}

TEST(Complete, APresetSetsAllThreeLayersAndOwnValuesGoBeforeIt) {
  ClientOptions options = Good();
  options.preset = Preset::kStrict;
  auto strict = Complete(options);
  ASSERT_TRUE(strict);
  EXPECT_EQ(strict->interval, 3s);
  EXPECT_EQ(strict->timeout, 9s);
  EXPECT_EQ(strict->keepalive, Keepalive::Strict());
  options.interval = 100ms;
  auto own = Complete(options);
  ASSERT_TRUE(own);
  EXPECT_EQ(own->interval, 100ms);
  EXPECT_FALSE(own->timeout);
  options.preset = Preset::kStandard;
  options.interval.reset();
  EXPECT_EQ(Complete(options)->keepalive, Keepalive::Standard());
  EXPECT_EQ(Complete(options)->timeout, 40s);
}

TEST(Complete, NamesAllThatIsWrong) {
  ClientOptions options;
  options.interval = 2s;
  options.timeout = 1s;
  const std::string message = Wrong(options);
  EXPECT_THAT(message, HasSubstr("targets"));
  EXPECT_THAT(message, HasSubstr("client_id"));
  EXPECT_THAT(message, HasSubstr("timeout"));
}

TEST(Complete, RefusesWhatTheServerWouldRefuse) {
  const auto with = [](auto change) {
    ClientOptions options = Good();
    change(options);
    return Wrong(options);
  };
  EXPECT_THAT(with([](auto& o) { o.targets = {"nohost"}; }), HasSubstr("HOST:PORT"));
  EXPECT_THAT(with([](auto& o) { o.targets = {"unix:"}; }), HasSubstr("unix:"));
  EXPECT_THAT(with([](auto& o) { o.client_id = "a\nb"; }), HasSubstr("client_id"));
  EXPECT_THAT(with([](auto& o) { o.client_id = std::string(129, 'a'); }), HasSubstr("client_id"));
  EXPECT_THAT(with([](auto& o) { o.labels[""] = "x"; }), HasSubstr("labels"));
  EXPECT_THAT(with([](auto& o) { o.interval = 0s; }), HasSubstr("interval"));
  EXPECT_THAT(with([](auto& o) { o.timeout = -1s; }), HasSubstr("timeout"));
  EXPECT_THAT(with([](auto& o) { o.tls = Tls{"", "cert.pem", "", ""}; }), HasSubstr("tls"));
  EXPECT_THAT(with([](auto& o) { o.last_will = std::string(1025, 'a'); }), HasSubstr("last_will"));
}

TEST(Complete, AQualityTakesThePlaceOfIntervalAndTimeout) {
  const Quality wanted{.found_within = 1s, .mistake_recurrence = std::chrono::hours(720)};
  ClientOptions options = Good();
  options.quality = wanted;
  options.preset = Preset::kStrict;
  const auto complete = Complete(options);
  ASSERT_TRUE(complete) << complete.error().message;
  EXPECT_FALSE(complete.value().interval);
  EXPECT_FALSE(complete.value().timeout);
  EXPECT_EQ(complete.value().keepalive, Keepalive::Strict());

  options.timeout = 3s;
  EXPECT_THAT(Wrong(options), HasSubstr("leave those unset"));
  options.timeout.reset();
  options.quality->mistake_recurrence = 0s;
  EXPECT_THAT(Wrong(options), HasSubstr("not positive"));
}

TEST(Complete, AThresholdIsAccrualsAndWithinBounds) {
  const auto with = [](Detection detection) {
    ClientOptions options = Good();
    options.detection = detection;
    return Wrong(options);
  };
  EXPECT_EQ(with({Detection::Method::kAccrual, 0}), "");
  EXPECT_EQ(with({Detection::Method::kAccrual, 30}), "");
  EXPECT_THAT(with({Detection::Method::kAccrual, 0.5}), HasSubstr("within 1 and 30"));
  EXPECT_THAT(with({Detection::Method::kAccrual, std::nan("")}), HasSubstr("within 1 and 30"));
  EXPECT_THAT(with({Detection::Method::kFixed, 8}), HasSubstr("only kAccrual"));
}

TEST(CheckLabels, BoundsOfTheContract) {
  Labels labels;
  for (int i = 0; i < 32; ++i) labels["k" + std::to_string(i)] = "v";
  EXPECT_FALSE(CheckLabels(labels));
  labels["one more"] = "v";
  ASSERT_TRUE(CheckLabels(labels));
  EXPECT_EQ(CheckLabels(labels)->reason, "BAD_LABELS");
}

}  // namespace
}  // namespace liveness::internal
