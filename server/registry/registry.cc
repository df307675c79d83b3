// Each function takes the lock, has a part do the work, and carries out what that makes known without it.
#include "server/registry/registry.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "server/core/fleet/standing.h"
#include "server/registry/conditions/work_slice.h"
#include "server/registry/life/maintenance_pass.h"
#include "server/registry/parts.h"
#include "server/registry/records/effects.h"
#include "server/registry/watch/watch_cursor.h"

namespace liveness::registry {

using common::MutexLock;
using core::MonoTime;

Registry::Registry(RegistryOptions options, const common::Clock& clock, storage::Store& store,
                   storage::Contents contents)
    : options_(std::move(options)),
      clock_(clock),
      store_(store),
      parts_(std::make_unique<Parts>(options_, clock_, store_, contents)),
      witness_(parts_->conditions.witness),
      store_health_(parts_->conditions.store_health),
      figures_(parts_->conditions.figures),
      hub_(contents.revision, {.max_mailbox = options_.max_mailbox,
                               .max_watchers = options_.max_watchers,
                               .max_dear_filters = options_.max_dear_watch_filters}) {}

Registry::~Registry() = default;

template <typename Change>
auto Registry::Apply(Change change) {
  Effects effects;
  const absl::Cleanup carry_out = [&] { CarryOut(effects); };  // once the lock is gone
  MutexLock lock(mu_);
  return change(*parts_, effects);
}

template <typename Look>
auto Registry::Read(Look look) const {
  MutexLock lock(mu_);
  return look(std::as_const(*parts_));
}

void Registry::CarryOut(Effects& effects) {
  for (const auto& done : effects.dones) done.on_committed(done.record);
  for (const auto& end : effects.ends) end.stream->End(end.why);
  for (const auto& probe : effects.probes) probe.stream->Probe(probe.sequence);
  if (options_.on_notice) {
    for (const std::string& notice : effects.notices) options_.on_notice(notice);
  }
  if (effects.earlier_tick != MonoTime::max() && wake_detector_) wake_detector_(effects.earlier_tick);
  if (effects.publish && wake_publisher_) wake_publisher_();
  if (!tell_witness_) return;
  for (const WitnessEvent& event : effects.witness) tell_witness_(event);
}

void Registry::BeginServing() {
  Apply([](Parts& parts, Effects& effects) { parts.orphans.BeginServing(effects); });
}

void Registry::Attach(HelloRequest hello, AttachDone done) {
  absl::Status refused = Apply([&](Parts& parts, Effects& effects) {
    return parts.admission.Attach(std::move(hello), done, effects);
  });
  if (!refused.ok()) done(std::move(refused));
}

bool Registry::Refute(const std::shared_ptr<Session>& session, std::uint64_t attachment) {
  return Apply([&](Parts& parts, Effects& effects) {
    if (!parts.lifecycle.IsCurrentStream(*session, attachment)) return false;
    if (session->state().stream == nullptr) return false;  // closed meanwhile: only a new stream refutes
    if (session->record()->state == core::State::kSuspect) parts.lifecycle.Refute(session, effects);
    return true;
  });
}

bool Registry::TakeOver(const std::shared_ptr<Session>& session, std::uint64_t attachment) {
  return Apply([&](Parts& parts, Effects& effects) {
    return parts.admission.TakeStandby(session, attachment, effects);
  });
}

core::Duration Registry::Vouch(core::Duration due, core::Duration timeout, MonoTime now) const {
  return store_health_.Vouch(due, timeout, now);
}

void Registry::UpdateLabels(const std::shared_ptr<Session>& session, std::uint64_t attachment,
                            core::Labels labels) {
  Apply([&](Parts& parts, Effects& effects) {
    if (!parts.lifecycle.IsCurrentStream(*session, attachment)) return;
    parts.lifecycle.SetLabels(session, std::move(labels), effects);
  });
}

std::optional<core::PathQuality> Registry::PathOf(std::string_view client_id,
                                                  std::string_view principal) const {
  return Read([&](const Parts& parts) { return parts.queries.PathOf(client_id, principal); });
}

void Registry::Rearm(const std::shared_ptr<Session>& session) {
  Apply([&](Parts& parts, Effects& effects) {
    if (!session->is_local()) return;  // over, or another server's meanwhile
    parts.conditions.timers.Arm(*session, parts.deadlines.NextCheck(*session, clock_.Mono()), effects);
  });
}

std::shared_ptr<WorkBoard> Registry::BoardOf(const std::shared_ptr<Session>& session) {
  MutexLock lock(mu_);
  return session->state().MakeBoard();
}

void Registry::SetStalled(const std::shared_ptr<Session>& session, std::uint64_t attachment, bool stalled) {
  Apply([&](Parts& parts, Effects& effects) {
    if (!parts.lifecycle.IsCurrentStream(*session, attachment)) return;
    if (session->record()->state == core::State::kAlive) parts.stalls.Set(session, stalled, effects);
  });
}

void Registry::SayGoodbye(const std::shared_ptr<Session>& session, std::uint64_t attachment, Goodbye goodbye,
                          std::function<void()> done) {
  Apply([&](Parts& parts, Effects& effects) {
    (void)parts.admission.TakeStandby(session, attachment, effects);
    if (!parts.lifecycle.IsCurrentStream(*session, attachment)) return;
    CommitDone on_committed;
    if (done && store_health_.AskStore().ok()) {
      on_committed = [done = std::exchange(done, nullptr)](const auto&) { done(); };
    }
    parts.lifecycle.SayGoodbye(session, std::move(goodbye), std::move(on_committed), effects);
  });
  if (done) done();
}

void Registry::StreamClosed(const std::shared_ptr<Session>& session, std::uint64_t attachment,
                            core::StreamEnd how, const core::LinkEvidence& link, MonoTime ended_at) {
  Apply([&](Parts& parts, Effects& effects) {
    parts.lifecycle.TakeClose(session, attachment, how, link, ended_at, effects);
  });
}

void Registry::Evict(std::string_view id, std::string_view reason, ViewDone done) {
  absl::Status refused = Apply([&](Parts& p, Effects& e) { return p.lifecycle.Evict(id, reason, done, e); });
  if (!refused.ok()) done(std::move(refused));
}

void Registry::Forget(std::string_view id, ViewDone done) {
  absl::Status refused = Apply([&](Parts& p, Effects& e) { return p.lifecycle.ForgetNow(id, done, e); });
  if (!refused.ok()) done(std::move(refused));
}

MaintenanceResult Registry::SetMaintenance(const MaintenanceRequest& request,
                                           const std::function<MaintenanceSettled()>& settling) {
  MaintenancePass pass(request, request.cursor.began ? *request.cursor.began : revision());
  if (request.client_id.empty()) {
    pass.Choose(LookAt(pass.scan()));
  } else {
    pass.ChooseOne(Get(request.client_id));
  }
  while (pass.HasNext()) {
    if (!pass.AtStart()) WorkSlice::LetOthersIn();
    Apply([&](Parts& parts, Effects& effects) {
      parts.maintenance.MarkSlice(pass, {request.until, request.origin}, settling, effects);
    });
    if (!pass.HasNext()) pass.LookAgain();
  }
  return pass.Finish();
}

void Registry::SetDraining(bool draining) {
  Apply([&](Parts& parts, Effects&) { parts.lifecycle.SetDraining(draining); });
}

void Registry::BeginShutdown() {
  Apply([](Parts& parts, Effects&) { parts.lifecycle.BeginShutdown(); });
}

void Registry::OnCommitting(std::vector<core::Transition>& changes) {
  for (core::Transition& change : changes) {
    if (core::IsFall(change.before.get(), *change.after))
      Apply([&](Parts& parts, Effects& effects) { parts.ledger.CountFall(change, effects); });
  }
}

void Registry::OnCommitted(std::vector<storage::Committed> changes) {
  for (std::size_t next = 0; next < changes.size();) {
    if (next != 0) WorkSlice::LetOthersIn();
    Apply([&](Parts& parts, Effects& effects) {
      WorkSlice slice(clock_);
      std::uint64_t revision = 0;
      // What shares a revision is told together: it may not be read by halves.
      while (next < changes.size() && (changes[next].after->revision == revision || slice.Take())) {
        revision = changes[next].after->revision;
        parts.ledger.TakeCommitted(changes[next], effects);
        ++next;
      }
    });
  }
}

void Registry::OnRefused(std::uint64_t proposal, const absl::Status& why) {
  Apply([&](Parts& parts, Effects& effects) { parts.ledger.TakeRefused(proposal, why, effects); });
}

void Registry::OnServers(const std::vector<std::string>& server_ids) {
  Apply([&](Parts& parts, Effects& effects) { parts.orphans.SetServers(server_ids, effects); });
}

void Registry::OnGap(std::uint64_t after, std::uint64_t until) {
  Apply([&](Parts& parts, Effects&) { parts.ledger.history().BeginGap(after, until); });
}

void Registry::OnGapTold(std::uint64_t until) {
  Apply([&](Parts& parts, Effects& effects) {
    parts.ledger.history().EndGap(until);
    effects.publish = true;
  });
}

absl::Status Registry::store_health() const { return store_health_.AskStore(); }

MonoTime Registry::Tick(MonoTime expected, MonoTime now) {
  Effects effects;
  std::vector<PendingLook> looks = [&] {
    MutexLock lock(mu_);
    return parts_->detection.CheckDue(expected, now, effects);
  }();
  for (PendingLook& look : looks) {
    if (look.stream != nullptr) look.link = look.stream->Look();
  }
  MonoTime next;
  {
    MutexLock lock(mu_);
    for (const PendingLook& look : looks) parts_->detection.JudgeAfterLook(look, now, effects);
    next = parts_->conditions.timers.next_tick();
    effects.earlier_tick = MonoTime::max();
  }
  CarryOut(effects);
  return next;
}

void Registry::OnEarlierDeadline(std::function<void(MonoTime)> wake) { wake_detector_ = std::move(wake); }
void Registry::OnWitness(std::function<void(const WitnessEvent&)> tell) { tell_witness_ = std::move(tell); }

void Registry::CanaryAnswered(MonoTime sent_at, MonoTime answered_at) {
  Apply([&](Parts& parts, Effects&) { parts.conditions.falls.CanaryAnswered(sent_at, answered_at); });
}

std::int64_t Registry::stall_count() const { return witness_.stall_count(); }
QueuePulses& Registry::pulses() { return witness_.pulses(); }
core::CanaryDoubt Registry::doubt() const { return witness_.doubt(); }
bool Registry::hears_nobody() const { return witness_.hears_nobody(); }

std::optional<core::ClientView> Registry::Get(std::string_view client_id) const {
  return Read([&](const Parts& parts) { return parts.queries.Get(client_id); });
}

ScanResult Registry::LookAt(const ScanRequest& request) const {
  ScanResult seen;
  const std::size_t most = Queries::LooksOf(request);
  seen.views.reserve(most);
  MutexLock lock(mu_);
  parts_->queries.LookAt(request, most, seen);
  return seen;
}

ScanResult Registry::Scan(const ScanRequest& request) const {
  return Queries::Matching(request, LookAt(request));
}

Totals Registry::totals() const {
  const std::int64_t watchers = hub_.watchers();
  return Read([&](const Parts& parts) {
    Totals totals = parts.conditions.totals();
    totals.counts = parts.ledger.table().counts();
    totals.counts_by_health = parts.ledger.table().counts_by_health();
    totals.pending_clients = parts.ledger.pending_clients();
    totals.revision = parts.ledger.history().last();
    totals.watchers = watchers;
    totals.scorecard = parts.lifecycle.scorecard();
    totals.unread_credits = parts.detection.unread_credits();
    return totals;
  });
}

std::vector<LabelValues> Registry::label_counts() const {
  return Read([](const Parts& parts) { return parts.ledger.table().label_counts().labels(); });
}

std::uint64_t Registry::revision() const {
  return Read([](const Parts& parts) { return parts.ledger.history().last(); });
}
const std::string& Registry::history_id() const { return store_.history_id(); }

HistoryPage Registry::ReadHistory(const storage::HistoryQuery& query) const {
  std::uint64_t complete = 0;
  HistoryPage page = Read([&](const Parts& parts) {
    complete = parts.ledger.history().complete_after();
    storage::HistoryQuery recent = query;
    recent.after = std::max(query.after, complete);
    return parts.queries.PageOf(recent);
  });
  const std::optional<storage::HistoryQuery> older = Queries::Older(query, complete, page);
  if (!older) {
    // A page that lies in memory says the same of what is kept at all as one that does not.
    if (const auto kept = store_.compacted()) page.compacted = std::min(complete, *kept);
    return page;
  }
  absl::StatusOr<storage::HistoryPart> part = store_.ReadHistory(*older);
  if (part.ok()) return Queries::Join(query, complete, older->limit, std::move(page), *std::move(part));
  // What memory holds is all there is, and below `complete` that is not all that was.
  return Read([&](const Parts& parts) { return parts.queries.PageOf(query); });
}

absl::StatusOr<std::shared_ptr<Watch>> Registry::StartWatch(WatchRequest request) {
  const bool ours = request.history_id.empty() || request.history_id == store_.history_id();
  absl::StatusOr<std::shared_ptr<Mailbox>> mailbox = hub_.Open(request);
  if (!mailbox.ok()) return mailbox.status();
  const bool other = !ours && request.start_revision != 0;
  const auto watch = std::make_shared<WatchCursor>(*this, std::move(request), *std::move(mailbox), other);
  if (const absl::Status reached = watch->Reached(); !reached.ok() && !store_.shared()) return reached;
  return std::shared_ptr<Watch>(watch);
}

bool Registry::PublishPending() {
  auto next = Apply([](Parts& parts, Effects&) { return parts.ledger.history().TakeUnpublished(); });
  const bool any = next.revision != 0;
  if (any) hub_.Publish(std::move(next.transitions), next.revision, next.lost);
  return hub_.Work() || any;
}

void Registry::OnPending(std::function<void()> wake) {
  wake_publisher_ = std::move(wake);
  hub_.OnWork(wake_publisher_);
}

}  // namespace liveness::registry
