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

TEST(Complete, WhatIsGivenStands) {
  ClientOptions options = Good();
  options.instance_id = "one";
  options.host = "here";
  options.pid = 7;
  options.keepalive = Keepalive::Strict();
  options.tls = Tls{"roots.pem", "", "", ""};
  const auto complete = Complete(options);
  ASSERT_TRUE(complete) << complete.error().message;
  EXPECT_EQ(complete->instance_id, "one");
  EXPECT_EQ(complete->host, "here");
  EXPECT_EQ(complete->pid, 7);
  EXPECT_EQ(complete->keepalive, Keepalive::Strict());
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
  options.interval.reset();
  options.timeout = 1s;
  own = Complete(options);
  ASSERT_TRUE(own);
  EXPECT_FALSE(own->interval);
  options.timeout.reset();
  options.preset = Preset::kStandard;
  EXPECT_EQ(Complete(options)->keepalive, Keepalive::Standard());
  EXPECT_EQ(Complete(options)->timeout, 40s);
  options.keepalive = Keepalive::Strict();
  EXPECT_EQ(Complete(options)->keepalive, Keepalive::Strict());
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

// Each of these values, and the same with the last that is allowed.
TEST(Complete, BoundsOfTimes) {
  using Change = void (*)(ClientOptions&);
  static constexpr auto kYear = std::chrono::hours(24 * 365);
  const struct {
    const char* field;
    Change wrong;
    Change right;
  } kBounds[] = {
      {"timeout", [](auto& o) { o.timeout = 0s; }, [](auto& o) { o.timeout = 1ns; }},
      {"timeout", [](auto& o) { o.interval = 2ns, o.timeout = 1ns; },
       [](auto& o) { o.interval = 2ns, o.timeout = 2ns; }},
      {"connect_timeout", [](auto& o) { o.connect_timeout = 0ms; }, [](auto& o) { o.connect_timeout = 1ms; }},
      {"connect_timeout", [](auto& o) { o.connect_timeout = kYear + 1ms; },
       [](auto& o) { o.connect_timeout = kYear; }},
      {"welcome_timeout", [](auto& o) { o.welcome_timeout = 0ms; }, [](auto& o) { o.welcome_timeout = 1ms; }},
      {"goodbye_timeout", [](auto& o) { o.goodbye_timeout = -1ms; },
       [](auto& o) { o.goodbye_timeout = 0ms; }},
      {"quality",
       [](auto& o) {
         o.quality = Quality{0s, 1s};
       },
       [](auto& o) {
         o.quality = Quality{1ns, 1s};
       }},
      {"quality",
       [](auto& o) {
         o.quality = Quality{1s, 0s};
       },
       [](auto& o) {
         o.quality = Quality{1s, 1ns};
       }},
  };
  for (const auto& bound : kBounds) {
    ClientOptions options = Good();
    bound.wrong(options);
    EXPECT_THAT(Wrong(options), HasSubstr(bound.field));
    options = Good();
    bound.right(options);
    EXPECT_EQ(Wrong(options), "") << bound.field;
  }
}

TEST(Complete, BoundsOfKeepalive) {
  const auto with = [](auto change) {
    ClientOptions options = Good();
    options.keepalive = Keepalive::Standard();
    change(*options.keepalive);
    return Wrong(options);
  };
  EXPECT_THAT(with([](Keepalive& k) { k.tcp_idle = 0s; }), HasSubstr("TCP"));
  EXPECT_THAT(with([](Keepalive& k) { k.tcp_interval = 0s; }), HasSubstr("TCP"));
  EXPECT_THAT(with([](Keepalive& k) { k.tcp_count = 0; }), HasSubstr("TCP"));
  EXPECT_THAT(with([](Keepalive& k) { k.tcp_user_timeout = -1ms; }), HasSubstr("TCP"));
  EXPECT_EQ(with([](Keepalive& k) { k.tcp_count = 1, k.tcp_user_timeout = 0ms; }), "");
  EXPECT_EQ(with([](Keepalive& k) { k.tcp_enabled = false, k.tcp_idle = 0s; }), "") << "it is not used";
  EXPECT_THAT(with([](Keepalive& k) { k.http2_time = -1ms; }), HasSubstr("HTTP/2"));
  EXPECT_THAT(with([](Keepalive& k) { k.http2_timeout = 0ms; }), HasSubstr("HTTP/2"));
  EXPECT_EQ(with([](Keepalive& k) { k.http2_time = k.http2_timeout = 0ms; }), "") << "they are off";
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
  options.interval = 1s;
  EXPECT_THAT(Wrong(options), HasSubstr("leave those unset"));
  options.interval.reset();
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
  EXPECT_EQ(with({Detection::Method::kAccrual, 1}), "");
  EXPECT_EQ(with({Detection::Method::kAccrual, 30}), "");
  EXPECT_THAT(with({Detection::Method::kAccrual, 30.5}), HasSubstr("within 1 and 30"));
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
