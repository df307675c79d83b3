#include "server/hooks/hooks.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "common/strings.h"
#include "common/thread_name.h"
#include "common/thread_priority.h"

namespace liveness::hooks {
namespace {

// A place that moves over what the hook does not want is not worth a write a moment.
constexpr common::Duration kIdleNotesPace = std::chrono::seconds(5);
constexpr common::Duration kStatesPace = std::chrono::milliseconds(20);
constexpr common::Duration kWatchRetry = std::chrono::seconds(1);
// What of the watch is taken before the hooks have their turn.
constexpr int kWatchItems = 16;

}  // namespace

using common::MonoTime;
using common::MutexLock;

void Hooks::Mail::Wake() {
  MutexLock lock(mu_);
  letters_.woken = true;
  changed_.NotifyOne();
}

void Hooks::Mail::Put(std::string hook, Outcome outcome) {
  MutexLock lock(mu_);
  letters_.outcomes.emplace_back(std::move(hook), std::move(outcome));
  changed_.NotifyOne();
}

void Hooks::Mail::Put(std::vector<HookConfigPtr> hooks) {
  MutexLock lock(mu_);
  letters_.hooks = std::move(hooks);
  changed_.NotifyOne();
}

void Hooks::Mail::Stop() {
  MutexLock lock(mu_);
  letters_.stop = true;
  changed_.NotifyOne();
}

Hooks::Mail::Letters Hooks::Mail::Take(const common::Clock& clock, MonoTime until) {
  MutexLock lock(mu_);
  const bool none = letters_.outcomes.empty() && !letters_.hooks && !letters_.stop && !letters_.woken;
  if (none && until == MonoTime::max()) {
    changed_.Wait(mu_);
  } else if (const MonoTime now = clock.Mono(); none && until > now) {
    changed_.WaitFor(mu_, until - now);
  }
  return std::exchange(letters_, {});
}

Hooks::Hooks(const Parts& parts, std::unique_ptr<Delivery> delivery)
    : parts_(parts),
      history_id_(parts.registry.history_id()),
      delivery_(std::move(delivery)),
      groups_(parts.notes, history_id_),
      runner_parts_{
          {parts.registry, groups_, history_id_, parts.registry.revision()},
          *delivery_,
          [mail = mail_](const std::string& hook, Outcome outcome) { mail->Put(hook, std::move(outcome)); },
          parts.random,
          parts.log} {}

Hooks::~Hooks() { Stop(); }

void Hooks::Configure(std::vector<HookConfigPtr> hooks) {
  if (hooks.empty() && !thread_.joinable()) return;  // as most servers are
  mail_->Put(std::move(hooks));
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
}

void Hooks::Stop() {
  if (!thread_.joinable()) return;
  mail_->Stop();
  thread_.join();
}

std::vector<HookState> Hooks::States() const {
  MutexLock lock(mu_);
  return states_;
}

// --- The thread ------------------------------------------------------------------

void Hooks::Run() {
  common::NameThisThread("live-hooks");
  common::LowerThisThreadsPriority();
  MonoTime next{};
  while (TakeMail(next)) {
    Reconcile();
    FollowRegistry();
    next = StepAll();
    NoteAll(false);
    next = TellStates(next);
  }
  End();
}

bool Hooks::TakeMail(MonoTime until) {
  Mail::Letters letters = mail_->Take(parts_.clock, until);
  TakeOutcomes(std::move(letters.outcomes));
  if (letters.hooks) TakeConfigured(*std::move(letters.hooks));
  return !letters.stop;
}

void Hooks::TakeOutcomes(std::vector<std::pair<std::string, Outcome>> outcomes) {
  const MonoTime now = parts_.clock.Mono();
  for (const auto& [name, outcome] : outcomes) {
    const auto at = running_.find(name);
    if (at != running_.end() && at->second.runner->in_flight()) at->second.runner->Done(outcome, now);
  }
}

void Hooks::TakeConfigured(std::vector<HookConfigPtr> hooks) {
  configured_.clear();
  for (HookConfigPtr& hook : hooks) configured_.emplace(hook->name, std::move(hook));
}

void Hooks::Reconcile() {
  if (const bool stands = !configured_.empty(); stands != standing_) {
    standing_ = stands;
    if (stands) {
      parts_.notes.Stand([mail = mail_] { mail->Wake(); });
    } else {
      NoteAll(true);
      parts_.notes.StandDown();
    }
  }
  if (const std::uint64_t term = parts_.notes.term(); term != term_) {
    term_ = term;
    groups_.Begin(term);
  }
  for (auto at = running_.begin(); at != running_.end();) {
    Running& running = at->second;
    const auto hook = configured_.find(at->first);
    if (running.ends || hook == configured_.end() || running.term != term_) {
      if (!std::exchange(running.ends, true)) running.runner->Cancel();
      if (running.runner->in_flight()) {
        ++at;
      } else {
        Note(at->first, running, true);
        at = running_.erase(at);
      }
      continue;
    }
    if (running.given != hook->second) {
      if (!(*running.given == *hook->second)) running.runner->Replace(hook->second);
      running.given = hook->second;
    }
    ++at;
  }
  if (term_ == 0) return;
  for (const auto& [name, hook] : configured_) {
    if (!running_.contains(name)) Begin(hook);
  }
}

void Hooks::Begin(const HookConfigPtr& hook) {
  const std::string key = PositionKey(hook->name);
  const storage::Notes::Texts kept = parts_.notes.Read(term_, key);
  const auto note = kept.find(key);
  std::optional<Position> position;
  if (note != kept.end()) position = DecodePosition(note->second);
  Running& running = running_[hook->name];
  running.given = hook;
  running.term = term_;
  if (position) {
    running.noted = *position;
  } else {
    position = Position{history_id_, parts_.registry.revision(), 0};
  }
  running.runner = std::make_unique<Runner>(runner_parts_, hook, *std::move(position), news_);
  Note(hook->name, running, true);
}

void Hooks::FollowRegistry() {
  if (configured_.empty()) {
    watch_.reset();
    return;
  }
  if (watch_ == nullptr) {
    if (parts_.clock.Mono() < watch_again_) return;
    ++news_.count;  // whatever came while there was none
    registry::WatchRequest request;
    request.start_revision = parts_.registry.revision();
    request.on_ready = [mail = mail_] { mail->Wake(); };
    auto watch = parts_.registry.StartWatch(std::move(request));
    if (!watch.ok()) {
      watch_again_ = parts_.clock.Mono() + kWatchRetry;
      return;
    }
    watch_ = *std::move(watch);
  }
  for (int n = 0; n < kWatchItems; ++n) {
    const registry::WatchItem item = watch_->Next();
    if (item.empty()) return;
    ++news_.count;
    for (const auto& batch : item.batches) {
      news_.published += batch->transitions().size();
      for (const core::GroupEvent& group : batch->groups()) groups_.Keep(group);
    }
  }
  mail_->Wake();  // there may be more
}

MonoTime Hooks::StepAll() {
  const MonoTime now = parts_.clock.Mono();
  MonoTime next = watch_ == nullptr && !configured_.empty() ? watch_again_ : MonoTime::max();
  for (auto& [name, running] : running_) {
    next = std::min(next, running.runner->Step(now, news_));
    if (running.noted != running.runner->position()) {
      const bool popped = running.runner->popped() != running.noted_popped;
      next = std::min(next, running.noted_at + (popped ? kNotesPace : kIdleNotesPace));
    }
  }
  return next;
}

void Hooks::Note(const std::string& name, Running& running, bool now) {
  const Position& position = running.runner->position();
  if (position == running.noted) return;
  const MonoTime time = parts_.clock.Mono();
  const std::uint64_t popped = running.runner->popped() - running.noted_popped;
  const common::Duration pace = popped == 0 ? kIdleNotesPace : kNotesPace;
  if (!now && popped < kNotesEvents && time < running.noted_at + pace) return;
  parts_.notes.Write(running.term, PositionKey(name), EncodePosition(position));
  running.noted = position;
  running.noted_popped = running.runner->popped();
  running.noted_at = time;
}

void Hooks::NoteAll(bool now) {
  std::uint64_t passed = std::numeric_limits<std::uint64_t>::max();
  for (auto& [name, running] : running_) {
    Note(name, running, now);
    // In another history's place nothing of this one was passed.
    const bool ours = running.noted.history_id == history_id_;
    passed = std::min(passed, ours ? running.noted.revision : 0);
  }
  if (!running_.empty()) groups_.DropUpTo(passed);
}

void Hooks::End() {
  for (auto& [name, running] : running_) running.runner->Hold();
  const MonoTime give_up = parts_.clock.Mono() + kStopPatience;
  const auto any_in_flight = [this] {
    return std::any_of(running_.begin(), running_.end(),
                       [](const auto& each) { return each.second.runner->in_flight(); });
  };
  while (any_in_flight() && parts_.clock.Mono() < give_up) (void)TakeMail(give_up);
  delivery_->Stop();
  (void)TakeMail({});
  NoteAll(true);
  if (standing_) parts_.notes.StandDown();
  watch_.reset();
}

MonoTime Hooks::TellStates(MonoTime next) {
  const MonoTime now = parts_.clock.Mono();
  if (now < told_at_ + kStatesPace) return std::min(next, told_at_ + kStatesPace);
  told_at_ = now;
  const common::WallTime wall = parts_.clock.Wall();
  std::vector<HookState> states;
  for (const auto& [name, hook] : configured_) {
    const auto at = running_.find(name);
    if (at != running_.end() && at->second.term == term_) {
      states.push_back(at->second.runner->State(news_, now, wall));
    } else {
      HookState& state = states.emplace_back();
      state.name = name;
      state.receiver = ReceiverOf(*hook);
      state.leads = false;
    }
  }
  MutexLock lock(mu_);
  states_ = std::move(states);
  return next;
}

}  // namespace liveness::hooks
