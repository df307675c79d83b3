#include "tests/simulation/world.h"

#include <cstdio>
#include <utility>

#include "server/registry/ledger/pending_client.h"
#include "tests/simulation/checkers.h"
#include "tests/simulation/faults.h"

namespace liveness::simulation {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Far beyond any session's timeout + grace.
constexpr Duration kLongSilence = seconds(20);

}  // namespace

std::string Report::ToString() const {
  const std::string number = std::to_string(seed);
  return "seed " + number + ", step " + std::to_string(step) + ": " + invariant + ": " + complaint.what +
         ", expected " + complaint.expected + ", got " + complaint.got + "; replay: LIVENESS_SEED=" + number +
         " build/dev/tests/simulation_test";
}

World::World(const Options& options)
    : options_(options),
      saboteur_(options.saboteur == nullptr ? honest_ : *options.saboteur),
      random_(options.seed),
      paths_(~options.seed),
      server_(DrawOptions(), random_, truth_, saboteur_,
              [this] {
                Note([] { return std::string("the detector or the store wakes"); });
                ++step_;
                Observe();
              }),
      checkers_(AllCheckers(truth_, server_.options(), server_.disk())),
      collected_(server_.registry().revision()) {}

World::~World() = default;

SimServer::Options World::DrawOptions() {
  constexpr Duration kGraces[] = {Duration::zero(), milliseconds(50), milliseconds(300), seconds(1)};
  constexpr Duration kCommits[] = {milliseconds(1), milliseconds(5), milliseconds(20), milliseconds(300)};
  SimServer::Options all;
  registry::RegistryOptions& options = all.registry;
  options.server_id = "server";
  options.resume_grace = kGraces[random_.Below(4)];
  options.keep_dead = random_.Between(seconds(1), seconds(30));
  options.keep_left = random_.Between(seconds(1), seconds(10));
  options.max_ended = 1 + random_.Below(4);
  options.max_history = random_.Chance(50) ? 20 : 200'000;
  // The bound of a doubt is the unit tests' matter.
  options.max_doubt = std::chrono::hours(1);
  options.max_mailbox = random_.Chance(50) ? 4 : 100'000;
  options.flap = {
      .half_life = random_.Between(milliseconds(200), seconds(5)), .suppress = 1'500, .reuse = 900};
  if (random_.Chance(50)) {
    // A few are a mass here; in the other half of the worlds nobody ever is.
    options.mass.min_members = 2 + static_cast<int>(random_.Below(2));
    options.mass.share = 0.3 + 0.1 * static_cast<double>(random_.Below(6));
    options.mass.window = random_.Between(milliseconds(100), seconds(5));
    options.mass.labels = {"zone"};
    options.doubt_share = random_.Chance(50) ? 1 : 0.5 + 0.1 * static_cast<double>(random_.Below(5));
  }
  options.restart_grace = 2 * kGraces[random_.Below(4)];
  all.durable = random_.Chance(75);
  all.commits_in = all.durable ? kCommits[random_.Below(4)] : Duration::zero();
  all.kept = random_.Chance(50) ? 30 : 100'000;
  truth_.restart_grace = options.restart_grace;
  saboteur_.Configure(options);
  // All that may wait before it, and itself.
  truth_.commit_slack = all.commits_in * (registry::PendingClient::kCoalesceFrom + 2);
  return all;
}

std::optional<Report> World::Run() {
  fault_pause_ = random_.Between(milliseconds(100), milliseconds(1'000));
  const std::uint64_t clients = 1 + random_.Below(4);
  for (std::uint64_t i = 0; i < clients; ++i) Start("c" + std::to_string(i));
  const std::uint64_t watchers = 1 + random_.Below(3);
  for (std::uint64_t i = 0; i < watchers; ++i) {
    const int number = static_cast<int>(i);
    watchers_.push_back(std::make_unique<SimWatcher>(
        server_.registry(), i == 0 ? SimWatcher::Taste::kEverything : SimWatcher::Taste(random_.Below(4)),
        [this, number](const registry::RecordFilter& filter, std::uint64_t revision) {
          Tell([&](Checker& checker) { checker.OnWatch(number, filter, revision); });
        },
        [this, number](registry::WatchItem item) {
          saboteur_.Pulled(item);
          Tell([&](Checker& checker) { checker.OnPulled(number, item); });
        }));
  }
  if (random_.Chance(50)) PlanCanary();
  PlanFault();
  while (step_ < options_.steps && !report_ && !events_.empty()) {
    const Event event = events_.top();
    events_.pop();
    server_.AdvanceTo(event.at);
    if (!report_) RunOne(event.what, event.run);
  }
  if (!report_) Finish();
  return report_;
}

void World::PlanFault() {
  After(random_.Between(milliseconds(10), fault_pause_), "fault", [this] {
    Strike(*this);
    PlanFault();
  });
}

void World::PlanCanary() {
  After(milliseconds(200), "canary", [this] {
    if (server_.up() && !server_.stopped() && !random_.Chance(20))
      server_.registry().CanaryAnswered(now(), now());
    PlanCanary();
  });
}

void World::After(Duration in, const char* what, std::function<void()> event) {
  events_.push({now() + in, ++order_, what, std::move(event)});
}

void World::RunOne(const char* what, const std::function<void()>& event) {
  ++step_;
  if (options_.log) Note([&] { return std::string(what); });
  event();
  Observe();
}

void World::Note(const std::function<std::string()>& text) const {
  if (!options_.log) return;
  const double ms = static_cast<double>((now() - MonoTime(std::chrono::hours(1))).count()) / 1e6;
  std::printf("%4d %12.3f ms  %s\n", step_, ms, text().c_str());
}

void World::Observe() {
  truth_.Record(now());
  if (server_.up()) ObserveServer();
  truth_.Absolve();
  Check();
}

void World::ObserveServer() {
  registry::Registry& registry = server_.registry();
  // The publisher is a thread of its own: it may be behind.
  if (over_ || random_.Chance(80)) {
    while (registry.PublishPending()) {
    }
  }
  auto page = registry.HistoryAfter(collected_, 10'000);
  if (!page.transitions.empty()) collected_ = page.transitions.back()->revision();
  saboteur_.Told(page.transitions);
  for (const core::TransitionPtr& told : page.transitions) {
    if (options_.log) {
      Note([&] {
        return "  " + std::string(told->before == nullptr ? "-" : core::Name(told->before->state)) + " > " +
               std::string(core::Name(told->after->state)) + " " +
               std::string(core::Name(told->after->cause)) + " of " + Who(*told->after);
      });
    }
    Tell([&](Checker& checker) { checker.OnTold(told, now()); });
    if (!core::IsLive(told->after->state)) truth_.End(told->after->client_id(), told->after->incarnation);
  }
  std::vector<core::RecordPtr> records;
  auto scan = registry.Scan({.limit = 1'000});
  for (auto& view : scan.views) records.push_back(std::move(view.record));
  saboteur_.Shown(records);
  Tell([&](Checker& checker) { checker.OnShown(records, now()); });
  for (auto& watcher : watchers_) watcher->Pull(random_);
}

void World::Check() {
  if (report_) return;
  for (const auto& [name, checker] : checkers_) {
    if (!checker->complaint()) continue;
    if (report_) {
      report_->also.push_back(name);
    } else {
      report_ = Report{options_.seed, step_, name, *checker->complaint(), {}};
    }
  }
  if (!report_ && !server_.complaints().empty()) {
    const Complaint complaint{"a proposal", "to keep the store's contract", server_.complaints().front()};
    report_ = Report{options_.seed, step_, "the store's contract", complaint, {}};
  }
}

void World::Finish() {
  if (server_.stopped()) RunOne("the server runs again", [this] { Resume(); });
  if (!server_.up()) RunOne("the server starts", [this] { StartServer(); });
  if (!truth_.serving_since()) RunOne("the server serves", [this] { Serve(); });
  Thaw();
  for (auto& process : processes_) process->BeSilent();
  Note([] { return std::string("everybody is silent"); });
  over_ = true;
  server_.AdvanceTo(now() + kLongSilence);
  for (auto& watcher : watchers_) watcher->Drain();
  Observe();
  for (auto& watcher : watchers_) watcher->Drain();
  Tell([&](Checker& checker) { checker.OnEnd(); });
  Check();
}

}  // namespace liveness::simulation
