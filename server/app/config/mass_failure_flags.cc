#include "server/app/config/mass_failure_flags.h"

#include <chrono>

#include "common/flags/numbers.h"
#include "common/limits.h"
#include "server/core/fleet/scopes.h"

namespace liveness::app {
namespace {

constexpr auto kLeastWindow = std::chrono::milliseconds(100);
constexpr auto kLongestWindow = std::chrono::hours(1);
constexpr auto kLeastHalfLife = std::chrono::seconds(1);
constexpr auto kLongestHalfLife = std::chrono::hours(24);
constexpr double kMostPenalty = 1e6;

// A share of 0 would tell of every single fall.
const CLI::Validator& Share() {
  static const CLI::Validator share(
      [](std::string& text) {
        double value = 0;
        const bool is_number = CLI::detail::lexical_cast(text, value);
        return is_number && value > 0 && value <= 1 ? std::string()
                                                    : text + " is no share: above 0, at most 1";
      },
      "");
  return share;
}

// Not a CLI::Range, which lets what is no number pass.
const CLI::Validator& Penalty() {
  static const CLI::Validator penalty(
      [](std::string& text) {
        double value = 0;
        const bool is_number = CLI::detail::lexical_cast(text, value);
        return is_number && value >= 1 && value <= kMostPenalty ? std::string()
                                                                : text + " is no penalty: 1 to 1000000";
      },
      "");
  return penalty;
}

}  // namespace

void MassFailureFlags::AddTo(CLI::App& app, FallSettings& settings) {
  const std::string group = "Mass failure and flapping";
  window_.AddTo(app, "--mass-window", "Falls within this time count together (10s)", kLeastWindow)
      ->group(group);
  app.add_option("--mass-share", settings.mass.share,
                 "A host, subnet, label value or everyone of whom more than this share fell is told as one "
                 "group event; 1: never")
      ->check(Share())
      ->type_name("SHARE")
      ->capture_default_str()
      ->group(group);
  app.add_option("--mass-min", settings.mass.min_members, "Fewer clients than this are no mass")
      ->check(common::CountBetween(1, 1'000'000))
      ->type_name("COUNT")
      ->capture_default_str()
      ->group(group);
  app.add_option("--group-label", settings.mass.labels,
                 "A label whose values are such groups too; repeatable")
      ->type_name("KEY")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(group);
  app.add_option("--doubt-share", settings.doubt_share,
                 "If more than this share of all clients fell, deaths wait until the server has shown that "
                 "it hears, max(timeout, 5s) at most; 1: never")
      ->check(Share())
      ->type_name("SHARE")
      ->capture_default_str()
      ->group(group);
  half_life_
      .AddTo(app, "--flap-half-life", "Each fall costs a client 1000; half of it is forgiven after this (5m)",
             kLeastHalfLife)
      ->group(group);
  app.add_option("--flap-suppress", settings.flap.suppress, "Above this it is marked as flapping")
      ->check(Penalty())
      ->type_name("PENALTY")
      ->capture_default_str()
      ->group(group);
  app.add_option("--flap-reuse", settings.flap.reuse, "Down to this it stays so; at most --flap-suppress")
      ->check(Penalty())
      ->type_name("PENALTY")
      ->capture_default_str()
      ->group(group);
}

std::string MassFailureFlags::ApplyTo(FallSettings& settings) const {
  window_.ApplyTo(settings.mass.window);
  half_life_.ApplyTo(settings.flap.half_life);
  if (settings.mass.window > kLongestWindow) return "--mass-window: at most 1h";
  if (settings.flap.half_life > kLongestHalfLife) return "--flap-half-life: at most 24h";
  if (settings.flap.reuse > settings.flap.suppress) return "--flap-reuse: must not be above --flap-suppress";
  if (settings.mass.labels.size() > core::kMaxGroupLabels) {
    return "--group-label: at most " + std::to_string(core::kMaxGroupLabels);
  }
  for (const std::string& key : settings.mass.labels) {
    if (key.empty() || key.size() > common::kMaxLabelKeyBytes) {
      return "--group-label=" + key + ": a label's key has 1 to " +
             std::to_string(common::kMaxLabelKeyBytes) + " bytes";
    }
  }
  return {};
}

}  // namespace liveness::app
