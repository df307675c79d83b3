#include "server/registry/watch/watch_hub.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "common/status.h"
#include "common/strings.h"
#include "server/registry/watch/batches_of.h"

namespace liveness::registry {
namespace {

constexpr std::chrono::seconds kRetryDelay(5);
// Units (core/filter/filter_cost.h) that one filter may spend in a turn: about 100 us.
constexpr std::int64_t kTurnUnits = 8'000;
constexpr std::size_t kLongestStretch = 1'024;
// Units after which Work() returns, so that what was committed meanwhile is published: some milliseconds.
constexpr std::int64_t kWorkUnits = 300'000;
// Up to how many batches the thread that drops them frees itself, and how many Work() frees at once.
constexpr std::size_t kFewBatches = 32;
constexpr std::size_t kFreedAtOnce = 512;

// What a transition costs a filter: both its records are looked at.
std::int64_t UnitsPerTransition(std::int64_t filter_cost) { return 2 * filter_cost + 2; }

}  // namespace

Mailbox::Mailbox(WatchHub& hub, const WatchRequest& request)
    : hub_(hub), filter_key_(request.filter_key), on_ready_(request.on_ready) {}

Mailbox::~Mailbox() {
  std::shared_ptr<WatchHub::Group> unused;  // goes after the lock
  Batches dropped;
  {
    common::MutexLock lock(hub_.mu_);
    const auto at = hub_.groups_.find(filter_key_);
    std::erase(at->second->mailboxes, this);
    if (at->second->mailboxes.empty()) {
      unused = std::move(at->second);
      hub_.groups_.erase(at);
      if (unused->cost > core::kSmallFilterCost) hub_.dear_filters_ -= unused->cost;
    }
    --hub_.watchers_;
    dropped = std::move(waiting_);
  }
  hub_.Discard(std::move(dropped));
}

Mailbox::Taken Mailbox::Take(std::size_t max_transitions, std::uint64_t wanted_revision) {
  common::MutexLock lock(hub_.mu_);
  Taken taken;
  if (std::exchange(overrun_, false)) {
    taken.overrun = true;
    return taken;
  }
  std::size_t count = 0;
  while (!waiting_.empty() && (count == 0 || count + waiting_.front()->size() <= max_transitions)) {
    count += waiting_.front()->size();
    taken.batches.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  waiting_transitions_ -= count;
  taken.revision =
      waiting_.empty() ? hub_.groups_.find(filter_key_)->second->told : taken.batches.back()->last_revision();
  idle_ = taken.batches.empty();
  wanted_revision_ = wanted_revision;
  return taken;
}

std::uint64_t Mailbox::Reset() {
  Batches dropped;
  std::uint64_t told = 0;
  {
    common::MutexLock lock(hub_.mu_);
    dropped = std::exchange(waiting_, {});
    waiting_transitions_ = 0;
    overrun_ = false;
    idle_ = false;
    told = hub_.groups_.find(filter_key_)->second->told;
  }
  hub_.Discard(std::move(dropped));
  return told;
}

bool Mailbox::overrun() const {
  common::MutexLock lock(hub_.mu_);
  return overrun_;
}

std::optional<std::uint64_t> Mailbox::Caught() const {
  common::MutexLock lock(hub_.mu_);
  if (overrun_ || !waiting_.empty()) return std::nullopt;
  return hub_.groups_.find(filter_key_)->second->told;
}

WatchHub::WatchHub(std::uint64_t start, const Options& options) : options_(options), published_(start) {}

absl::StatusOr<std::shared_ptr<Mailbox>> WatchHub::Open(const WatchRequest& request) {
  common::MutexLock lock(mu_);
  if (watchers_ >= options_.max_watchers) {
    return common::WithRetryDelay(
        common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_WATCHERS",
                      common::StrCat("this server serves its most, ", options_.max_watchers, " watchers")),
        kRetryDelay);
  }
  const bool known = groups_.contains(request.filter_key);
  const bool dear = request.filter_cost > core::kSmallFilterCost;
  if (!known && dear && dear_filters_ + request.filter_cost > options_.max_dear_filters) {
    return common::WithRetryDelay(
        common::Error(absl::StatusCode::kResourceExhausted, "WATCH_FILTERS_TOO_COSTLY",
                      common::StrCat("the filter costs ", request.filter_cost, " units; of the ",
                                     options_.max_dear_filters,
                                     " that this server spends on watches' filters of more than ",
                                     core::kSmallFilterCost, ", ", dear_filters_, " are in use")),
        kRetryDelay);
  }
  std::shared_ptr<Group>& group = groups_[request.filter_key];
  if (!known) {
    group = std::make_shared<Group>();
    group->filter = request.filter;
    group->cost = request.filter_cost;
    group->next_chunk = first_chunk_ + log_.size();
    group->told = published_;
    if (dear) dear_filters_ += request.filter_cost;
  }
  ++watchers_;
  std::shared_ptr<Mailbox> mailbox(new Mailbox(*this, request));
  mailbox->opened_at_ = group->told;
  group->mailboxes.push_back(mailbox.get());
  return mailbox;
}

void WatchHub::Publish(std::vector<core::TransitionPtr> transitions, std::uint64_t revision, bool lost) {
  auto chunk = std::make_shared<Chunk>();
  chunk->transitions = std::move(transitions);
  chunk->revision = revision;
  chunk->lost = lost;
  common::MutexLock lock(mu_);
  published_ = revision;
  chunk->begin = appended_;
  appended_ += chunk->transitions.size();
  log_.push_back(std::move(chunk));
}

bool WatchHub::Work() {
  bool worked = EmptyTrash();
  if (round_.empty()) {
    common::MutexLock lock(mu_);
    if (!log_.empty()) {
      for (const auto& [_, group] : groups_) round_.push_back(group);
    }
  }
  std::int64_t spent = 0;
  while (!round_.empty() && spent < kWorkUnits) {
    const std::shared_ptr<Group> group = std::move(round_.back());
    round_.pop_back();
    spent += TakeTurn(*group);
  }
  TrimLog();
  return worked || spent > 0 || !round_.empty();
}

std::int64_t WatchHub::TakeTurn(Group& group) {
  Turn turn;
  {
    common::MutexLock lock(mu_);
    turn = BeginTurn(group);
  }
  if (turn.chunk == nullptr) return 0;
  const auto stretch = std::span(turn.chunk->transitions).subspan(turn.first, turn.last - turn.first);
  const auto batches = BatchesOf(group.filter, stretch);
  std::vector<Mailbox::Batches> dropped;  // goes after the lock
  std::vector<std::function<void()>> wakes;
  {
    common::MutexLock lock(mu_);
    EndTurn(group, turn, batches, dropped, wakes);
  }
  for (const auto& wake : wakes) wake();
  return static_cast<std::int64_t>(stretch.size()) * UnitsPerTransition(group.cost) + 1;
}

std::size_t WatchHub::StretchOf(const Group& group) {
  const std::int64_t most = kTurnUnits / UnitsPerTransition(group.cost);
  return std::clamp<std::size_t>(static_cast<std::size_t>(most), 1, kLongestStretch);
}

WatchHub::Turn WatchHub::BeginTurn(Group& group) {
  Turn turn;
  const std::uint64_t end = first_chunk_ + log_.size();
  if (group.next_chunk == end) return turn;
  turn.chunk = log_[group.next_chunk - first_chunk_];
  turn.lost = turn.chunk->lost && group.next_in_chunk == 0;
  if (appended_ - (turn.chunk->begin + group.next_in_chunk) > options_.max_mailbox) {
    // The group will not catch up, or only late: its watchers read a snapshot, and nothing of the log remains
    // for it.
    turn.chunk = log_.back();
    turn.first = turn.last = turn.chunk->transitions.size();
    turn.lost = true;
    group.next_chunk = end - 1;
    return turn;
  }
  const std::vector<core::TransitionPtr>& all = turn.chunk->transitions;
  turn.first = group.next_in_chunk;
  turn.last = std::min(turn.first + StretchOf(group), all.size());
  // What shares a revision is told together.
  while (turn.last != 0 && turn.last < all.size() &&
         all[turn.last]->revision() == all[turn.last - 1]->revision()) {
    ++turn.last;
  }
  return turn;
}

void WatchHub::EndTurn(Group& group, const Turn& turn,
                       const std::vector<std::shared_ptr<const Batch>>& batches,
                       std::vector<Mailbox::Batches>& dropped, std::vector<std::function<void()>>& wakes) {
  const bool ends_chunk = turn.last == turn.chunk->transitions.size();
  group.told = ends_chunk ? turn.chunk->revision : turn.chunk->transitions[turn.last - 1]->revision();
  group.next_in_chunk = ends_chunk ? 0 : turn.last;
  if (ends_chunk) ++group.next_chunk;
  for (Mailbox* mailbox : group.mailboxes) {
    if (turn.lost) Overrun(*mailbox, dropped);
    if (!mailbox->overrun_) {
      for (const auto& batch : batches) {
        mailbox->waiting_.push_back(batch);
        mailbox->waiting_transitions_ += batch->size();
      }
      if (mailbox->waiting_transitions_ > options_.max_mailbox) Overrun(*mailbox, dropped);
    }
    const bool something = mailbox->overrun_ || !mailbox->waiting_.empty();
    const bool reached = mailbox->wanted_revision_ != 0 && group.told >= mailbox->wanted_revision_;
    if (mailbox->idle_ && (something || reached)) {
      mailbox->idle_ = false;
      if (mailbox->on_ready_) wakes.push_back(mailbox->on_ready_);
    }
  }
}

void WatchHub::Overrun(Mailbox& mailbox, std::vector<Mailbox::Batches>& dropped) {
  if (!std::exchange(mailbox.overrun_, true)) ++overruns_;
  dropped.push_back(std::exchange(mailbox.waiting_, {}));
  mailbox.waiting_transitions_ = 0;
}

void WatchHub::Discard(Mailbox::Batches batches) {
  if (batches.size() <= kFewBatches || !wake_) return;
  {
    common::MutexLock lock(mu_);
    trash_.push_back(std::move(batches));
  }
  wake_();
}

bool WatchHub::EmptyTrash() {
  if (discarded_.empty()) {
    common::MutexLock lock(mu_);
    if (trash_.empty()) return false;
    discarded_ = std::move(trash_.back());
    trash_.pop_back();
  }
  for (std::size_t i = 0; i < kFreedAtOnce && !discarded_.empty(); ++i) discarded_.pop_front();
  return true;
}

void WatchHub::TrimLog() {
  std::vector<std::shared_ptr<const Chunk>> passed;  // goes after the lock
  common::MutexLock lock(mu_);
  std::uint64_t needed = first_chunk_ + log_.size();
  for (const auto& [_, group] : groups_) needed = std::min(needed, group->next_chunk);
  for (; first_chunk_ < needed; ++first_chunk_) {
    passed.push_back(std::move(log_.front()));
    log_.pop_front();
  }
}

std::int64_t WatchHub::watchers() const {
  common::MutexLock lock(mu_);
  return static_cast<std::int64_t>(watchers_);
}

WatchLoad WatchHub::load() const {
  WatchLoad load;
  const auto waits_since = [&load](core::WallTime then) {
    load.oldest = std::min(load.oldest.value_or(then), then);
  };
  common::MutexLock lock(mu_);
  load.watchers = static_cast<std::int64_t>(watchers_);
  load.overruns = overruns_;
  const std::uint64_t end = first_chunk_ + log_.size();
  for (const auto& [_, group] : groups_) {
    for (const Mailbox* mailbox : group->mailboxes) {
      load.queued += mailbox->waiting_transitions_;
      load.most_queued = std::max(load.most_queued, mailbox->waiting_transitions_);
      if (!mailbox->waiting_.empty()) waits_since(mailbox->waiting_.front()->first_time());
    }
    if (group->next_chunk == end) continue;
    const Chunk& chunk = *log_[group->next_chunk - first_chunk_];
    const std::size_t next = group->next_in_chunk;
    load.unfiltered = std::max(load.unfiltered, static_cast<std::size_t>(appended_ - chunk.begin - next));
    if (next < chunk.transitions.size()) waits_since(chunk.transitions[next]->time);
  }
  return load;
}

}  // namespace liveness::registry
