#include "server/hooks/exec_delivery.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "common/duration_text.h"
#include "common/strings.h"
#include "common/thread_name.h"

namespace liveness::hooks {
namespace {

// A command that does not exist is not there at the next second either.
Result ResultOf(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ? Result::kFailed : Result::kMisplaced;
}

}  // namespace

ExecDelivery::ExecDelivery(const common::Clock& clock)
    : clock_(clock), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

ExecDelivery::~ExecDelivery() {
  Stop();
  close(wake_);
}

void ExecDelivery::Wake() { eventfd_write(wake_, 1); }

void ExecDelivery::Run() {
  common::NameThisThread("hooks-exec");
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);  // a command that does not read would send SIGPIPE
  for (;;) {
    Told told = Take();
    for (Command& command : told.commands) {
      if (command.cancelled.empty()) {
        Begin(std::move(command));
      } else if (const auto job = jobs_.find(command.cancelled); job != jobs_.end()) {
        Kill(job->second, {.result = Result::kCancelled});
      }
    }
    if (told.stopped) break;
    if (!Advance()) Wait();
  }
  KillAll();
}

void ExecDelivery::Begin(Command command) {
  const HookConfig& hook = *command.hook;
  auto run = CommandRun::Start(hook, std::move(command.event));
  if (!run.ok()) {
    command.done({.result = ResultOf(run.status()), .error = std::string(run.status().message())});
    return;
  }
  jobs_.insert_or_assign(hook.name, Job{*std::move(run), std::move(command.done), hook.timeout,
                                        clock_.Mono() + hook.timeout, std::nullopt});
}

void ExecDelivery::Kill(Job& job, Outcome outcome) {
  if (!job.killed) job.killed = std::move(outcome);
  job.deadline = common::MonoTime::max();
  job.run->Kill();
}

bool ExecDelivery::Advance() {
  const common::MonoTime now = clock_.Mono();
  std::vector<std::pair<Done, Outcome>> ended;
  for (auto at = jobs_.begin(); at != jobs_.end();) {
    Job& job = at->second;
    if (job.run->Advance()) {
      ended.emplace_back(std::move(job.done), job.killed ? *std::move(job.killed) : job.run->Ended());
      at = jobs_.erase(at);
      continue;
    }
    if (now >= job.deadline) {
      const std::string how =
          common::StrCat("did not end within ", common::FormatDuration(job.timeout), " and was killed");
      Kill(job, {.result = Result::kFailed, .error = how});
    }
    ++at;
  }
  for (auto& [done, outcome] : ended) done(std::move(outcome));
  return !ended.empty();
}

void ExecDelivery::Wait() {
  std::vector<pollfd> polled = {{wake_, POLLIN, 0}};
  std::optional<common::MonoTime> next;
  for (const auto& [name, job] : jobs_) {
    job.run->AddTo(polled);
    next = std::min(next.value_or(job.deadline), job.deadline);
  }
  int milliseconds = -1;
  if (next) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - clock_.Mono()).count();
    milliseconds = static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
  }
  (void)poll(polled.data(), polled.size(), milliseconds);
  eventfd_t ignored = 0;
  eventfd_read(wake_, &ignored);
}

void ExecDelivery::KillAll() {
  const common::MonoTime last = clock_.Mono() + kLastWait;
  for (auto& [name, job] : jobs_) {
    Kill(job, {.result = Result::kCancelled});
    job.deadline = last;
  }
  while (!jobs_.empty() && clock_.Mono() < last) {
    if (!Advance()) Wait();
  }
  for (auto& [name, job] : jobs_) {
    job.run->LetGo();
    job.done({.result = Result::kCancelled});
  }
  jobs_.clear();
}

}  // namespace liveness::hooks
