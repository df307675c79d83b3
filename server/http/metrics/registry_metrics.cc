#include "server/http/metrics/registry_metrics.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>

#include "server/core/record/record.h"
#include "server/registry/records/figures.h"
#include "server/registry/records/types.h"

namespace liveness::http {
namespace {

using core::Cause;
using core::Health;
using core::State;
using registry::Index;

constexpr std::array kStates = {State::kAlive, State::kSuspect, State::kDead, State::kLeft};
constexpr std::array kHealths = {Health::kOk, Health::kStalled, Health::kMaintenance};

std::string NameOf(State state) { return std::string(core::Name(state)); }
std::string NameOf(Health health) { return std::string(core::Name(health)); }
// Nothing is to be explained: an empty value would be no label.
std::string NameOf(Cause cause) {
  return cause == Cause::kUnspecified ? "NONE" : std::string(core::Name(cause));
}

// What a server meets sooner or later. It is there from the start, as 0, lest the first be missed by rate().
bool IsUsual(State to, Cause cause) {
  switch (to) {
    case State::kAlive:
    case State::kForgotten: return cause == Cause::kUnspecified;
    case State::kLeft: return cause == Cause::kSaidGoodbye;
    case State::kSuspect:
      return cause == Cause::kProcessExited || cause == Cause::kStreamClosed ||
             cause == Cause::kProcessStopped || cause == Cause::kHostUnreachable ||
             cause == Cause::kServerLost || cause == Cause::kUnknown;
    case State::kDead:
      return cause != Cause::kUnspecified && cause != Cause::kSaidGoodbye &&
             cause != Cause::kApplicationStalled && cause != Cause::kServerLost;
    case State::kUnspecified: break;
  }
  return false;
}

template <typename Visit>
void ForEachCause(Visit visit) {
  for (std::size_t i = 0; i <= Index(core::kLastCause); ++i) visit(static_cast<Cause>(i), i);
}

void AddClients(const MetricsSources& sources, const registry::Totals& totals, FamilyList& families) {
  auto clients = families.Gauge("liveness_clients", "Clients that are known, by state and health.");
  for (const State state : kStates) {
    for (const Health health : kHealths) {
      clients.Add(totals.counts_by_health[Index(state)][Index(health)],
                  {{"state", NameOf(state)}, {"health", NameOf(health)}});
    }
  }
  const std::vector<registry::LabelValues> labels = sources.registry.label_counts();
  if (labels.empty()) return;
  auto by_label = families.Gauge("liveness_clients_by_label",
                                 "Clients by the value of a label that --metrics-label names, and by state.");
  for (const registry::LabelValues& label : labels) {
    for (const auto& [value, by_state] : label.values) {
      for (const State state : kStates) {
        by_label.Add(by_state[Index(state)],
                     {{"label", label.key}, {"value", value}, {"state", NameOf(state)}});
      }
    }
  }
}

void AddTransitions(const registry::Figures& figures, const registry::Totals& totals, FamilyList& families) {
  auto transitions = families.Counter("liveness_transitions_total",
                                      "Changes of a client's state, by what it became and the cause.");
  for (std::size_t state = 1; state <= Index(core::kLastState); ++state) {
    const auto to = static_cast<State>(state);
    ForEachCause([&](Cause cause, std::size_t i) {
      const std::uint64_t count = figures.state_changes[state][i];
      if (count == 0 && !IsUsual(to, cause)) return;
      transitions.Add(count, {{"to_state", NameOf(to)}, {"cause", NameOf(cause)}});
    });
  }
  auto health = families.Counter("liveness_health_changes_total",
                                 "Changes of a client's health while its state stayed, by what it became.");
  for (const Health to : kHealths) {
    health.Add(figures.health_changes[Index(to)].load(), {{"to_health", NameOf(to)}});
  }
  families
      .Counter(
          "liveness_other_changes_total",
          "Changes of a client that are neither of its state nor of its health: labels, address, server.")
      .Add(figures.other_changes.load());
  auto deaths = families.Counter("liveness_unexpected_deaths_total",
                                 "Deaths of clients that were not in MAINTENANCE, by cause; nobody evicted, "
                                 "superseded or revoked them.");
  ForEachCause([&](Cause cause, std::size_t i) {
    const std::uint64_t count = figures.unexpected_deaths[i];
    if (core::IsIntended(cause) || (count == 0 && !IsUsual(State::kDead, cause))) return;
    deaths.Add(count, {{"cause", NameOf(cause)}});
  });
  families
      .Counter("liveness_mass_failures_total",
               "Group events: many clients of one host, subnet, label value or of all fell together.")
      .Add(totals.group_events);
  families.Gauge("liveness_revision", "Revision of the last transition.").Add(totals.revision);
}

void AddDetection(const MetricsSources& sources, const registry::Totals& totals, FamilyList& families) {
  const registry::Figures& figures = sources.registry.figures();
  const core::Scorecard& card = totals.scorecard;
  families.Counter("liveness_suspicions_total", "Times that this server suspected a client.")
      .Add(card.suspicions);
  families
      .Counter("liveness_detected_deaths_total",
               "Deaths that this server found by itself; no client and no operator told of them.")
      .Add(card.deaths);
  families
      .Histogram("liveness_detection_seconds",
                 "Of deaths found by silence or closure: from the last sign of life until SUSPECT.")
      .Add(figures.detection_times.Read());
  families
      .Histogram("liveness_deadline_lateness_seconds",
                 "How long after its deadline a silent client was suspected: this server's own lateness.")
      .Add(figures.deadline_lateness.Read());
  families
      .Counter("liveness_mistakes_total",
               "Verdicts that proved wrong: a suspicion that was refuted, a dead client that came back.")
      .Add(card.refuted_suspicions.count, {{"kind", "refuted_suspicion"}})
      .Add(card.mistaken_deaths.count, {{"kind", "mistaken_death"}});
  families.Counter("liveness_mistake_seconds_total", "For how long those verdicts were wrong, summed up.")
      .Add(card.refuted_suspicions.total, {{"kind", "refuted_suspicion"}})
      .Add(card.mistaken_deaths.total, {{"kind", "mistaken_death"}});
  families
      .Counter("liveness_observed_client_seconds_total",
               "Time that live clients were watched, summed over all of them, up to the last change.")
      .Add(card.observed_seconds);
  families
      .Gauge("liveness_detector_tick_age_seconds", "How long ago the detector last ran; it does every 10 ms.")
      .Add(std::max(common::Duration::zero(), sources.clock.Mono() - sources.last_tick()));
}

void AddWitness(const registry::Totals& totals, FamilyList& families) {
  const registry::WitnessTotals& witness = totals.witness;
  families.Counter("liveness_stalls_total", "Times that this server did not run or could not receive.")
      .Add(totals.stalls);
  families
      .Counter("liveness_credited_seconds_total",
               "Time for which deadlines stood because this server did not run or could not receive.")
      .Add(totals.credited);
  families
      .Counter("liveness_canary_credited_seconds_total",
               "The part of it that rests on the canary's word: an I/O thread did not hear it.")
      .Add(witness.canary_credited);
  families.Counter("liveness_canary_doubts_total", "Times that the canary of an I/O thread was not heard.")
      .Add(witness.canary_doubts);
  families.Counter("liveness_canary_episodes_total", "Episodes that those doubts belong to.")
      .Add(witness.canary_episodes);
  families.Gauge("liveness_canary_doubt", "1 while the canary is not heard.").Add(witness.in_doubt ? 1 : 0);
  families
      .Gauge("liveness_canary_spent",
             "1 while the canary is not heard and the credit for that is used up: clients are judged again.")
      .Add(witness.doubt == core::CanaryDoubt::kSpent ? 1 : 0);
  families.Counter("liveness_suspends_total", "Times that the machine slept.").Add(witness.suspends);
  families.Counter("liveness_suspended_seconds_total", "For how long it did.").Add(witness.suspended);
  families.Counter("liveness_settling_seconds_total", "What was credited right after it woke.")
      .Add(witness.settling);
  families
      .Counter("liveness_unread_credits_total",
               "Suspicions put off because the client's connection held bytes that were not read yet.")
      .Add(totals.unread_credits);
  families.Gauge("liveness_self_doubt", "1 while nearly all clients fell together, and deaths wait.")
      .Add(totals.doubts_itself ? 1 : 0);
  families.Counter("liveness_self_doubt_episodes_total", "Times that this server doubted itself for that.")
      .Add(totals.doubts);
  families.Counter("liveness_held_deaths_total", "Deaths that waited because this server doubted itself.")
      .Add(totals.held_deaths);
}

void AddWatchers(const MetricsSources& sources, FamilyList& families) {
  const registry::WatchLoad load = sources.registry.watch_load();
  families.Gauge("liveness_watchers", "Watches that are open, over gRPC and HTTP.").Add(load.watchers);
  families.Gauge("liveness_watch_queued_transitions", "Transitions that wait for watchers, of all together.")
      .Add(load.queued);
  families.Gauge("liveness_watch_queued_transitions_max", "Transitions that wait for the slowest watcher.")
      .Add(load.most_queued);
  families
      .Gauge("liveness_watch_unfiltered_transitions",
             "Transitions that are published and that the slowest filter has not looked at yet.")
      .Add(load.unfiltered);
  const common::Duration lag = load.oldest ? sources.clock.Wall() - *load.oldest : common::Duration::zero();
  families
      .Gauge("liveness_watch_lag_seconds",
             "Age of the oldest transition that waits for any watcher; 0: none waits.")
      .Add(std::max(common::Duration::zero(), lag));
  families
      .Counter("liveness_watch_overruns_total",
               "Times that a watcher was too slow, lost its place, and was told of a gap.")
      .Add(load.overruns);
}

void AddStore(const MetricsSources& sources, const registry::Totals& totals, FamilyList& families) {
  const registry::Figures& figures = sources.registry.figures();
  families.Gauge("liveness_store_up", "1 if changes can be committed.")
      .Add(sources.store.health().ok() ? 1 : 0);
  if (sources.store.shared()) {
    families.Gauge("liveness_store_lease", "1 while the other servers take this one for present.")
        .Add(sources.store.has_lease() ? 1 : 0);
  }
  families
      .Histogram("liveness_store_commit_seconds",
                 "From a change's proposal to the store until it is committed and known here.")
      .Add(figures.commit_times.Read());
  families.Counter("liveness_store_refusals_total", "Proposed changes that the store refused.")
      .Add(figures.refusals.load());
  families.Gauge("liveness_store_pending_clients", "Clients with a change that waits for the store.")
      .Add(totals.pending_clients);
}

}  // namespace

void AddRegistryMetrics(const MetricsSources& sources, FamilyList& families) {
  const registry::Totals totals = sources.registry.totals();
  AddClients(sources, totals, families);
  AddTransitions(sources.registry.figures(), totals, families);
  AddDetection(sources, totals, families);
  AddWitness(totals, families);
  AddWatchers(sources, families);
  AddStore(sources, totals, families);
}

}  // namespace liveness::http
