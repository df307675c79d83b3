#include "server/app/log/audit_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <spdlog/spdlog.h>

#include "common/files/file.h"
#include "common/strings.h"
#include "common/thread_name.h"
#include "server/rpc/convert/audit_proto.h"
#include "server/rpc/convert/json.h"

namespace liveness::app {
namespace {

// Without waiting: the path may be that of a pipe that nobody reads.
int OpenFile(const std::string& path) {
  return open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600);
}

bool WasDeleted(int fd) {
  struct stat found {};
  return fstat(fd, &found) == 0 && found.st_nlink == 0;
}

// The file as its thread has it.
class Writer {
 public:
  Writer(const std::string& path, const std::string& server_id, const common::Clock& clock, int fd)
      : path_(path), server_id_(server_id), clock_(clock), fd_(fd) {}
  ~Writer() { close(fd_); }

  void Reopen() {
    const int fd = OpenFile(path_);
    if (fd < 0) return spdlog::error("audit: {} cannot be opened anew: {}", path_, std::strerror(errno));
    close(std::exchange(fd_, fd));
    torn_ = false;
  }

  // False: the disk did not take it. `left_out`: as AuditLog::Write has it.
  bool Write(const auth::AuditEvent& event, std::uint64_t left_out) {
    left_out_ += left_out;
    if (TellLeftOut() && Put(event)) return true;
    ++left_out_;
    return false;
  }
  bool TellLeftOut() {
    if (left_out_ == 0) return true;
    const common::WallTime now = clock_.Wall();
    const bool told = Put({.time = now,
                           .began = now,
                           .count = left_out_,
                           .action = "audit",
                           .outcome = auth::AuditOutcome::kFailed,
                           .reason = "LINES_LEFT_OUT",
                           .message = "they came too fast, or the disk did not take them"});
    if (told) left_out_ = 0;
    return told;
  }
  void Sync() const { (void)fdatasync(fd_); }
  bool deleted() const { return WasDeleted(fd_); }

 private:
  bool Put(const auth::AuditEvent& event) {
    v1::AuditEvent proto;
    rpc::ToProto(event, server_id_, proto);
    std::string line = rpc::ToJson(proto) + "\n";
    // What a full disk cut off is a line of its own, which no reader takes for an event.
    if (torn_) line.insert(0, 1, '\n');
    const std::size_t written = common::WriteAll(fd_, line);
    const bool whole = written == line.size();
    torn_ = !whole && (torn_ || written != 0);
    return whole;
  }

  const std::string& path_;
  const std::string& server_id_;
  const common::Clock& clock_;
  int fd_;
  bool torn_ = false;
  std::uint64_t left_out_ = 0;  // since the last line
};

}  // namespace

absl::StatusOr<std::unique_ptr<AuditFile>> AuditFile::Open(const std::string& path, std::string server_id,
                                                           const common::Clock& clock) {
  const int fd = OpenFile(path);
  if (fd < 0) {
    return absl::InvalidArgumentError(common::StrCat("--audit-file=", path, ": ", std::strerror(errno)));
  }
  return std::unique_ptr<AuditFile>(
      new AuditFile(std::make_shared<State>(path, std::move(server_id), clock), fd));
}

AuditFile::AuditFile(std::shared_ptr<State> state, int fd)
    : state_(std::move(state)), thread_([state = state_, fd] { Keep(state, fd); }) {}

AuditFile::~AuditFile() {
  const common::MonoTime give_up = state_->clock.Mono() + kLastWrite;
  bool closed = false;
  {
    common::MutexLock lock(state_->mu);
    state_->closing = true;
    state_->changed.NotifyOne();
    while (!state_->closed) {
      const common::Duration left = give_up - state_->clock.Mono();
      if (left <= common::Duration::zero()) break;
      state_->done.WaitFor(state_->mu, left);
    }
    closed = state_->closed;
  }
  if (closed) {
    thread_.join();
    return;
  }
  spdlog::warn("audit: {}: the disk does not answer, the last lines are not kept", state_->path);
  thread_.detach();
}

void AuditFile::Write(const auth::AuditEventPtr& event, std::uint64_t left_out) {
  common::MutexLock lock(state_->mu);
  if (state_->waiting.size() >= kMostWaiting) {
    state_->figures.lost += 1;
    state_->waiting.back().left_out += 1 + left_out;
    return;
  }
  state_->waiting.push_back({event, left_out});
  state_->changed.NotifyOne();
}

void AuditFile::Reopen() {
  common::MutexLock lock(state_->mu);
  state_->reopen = true;
  state_->changed.NotifyOne();
}

AuditFile::Figures AuditFile::figures() const {
  common::MutexLock lock(state_->mu);
  return state_->figures;
}

void AuditFile::Keep(const std::shared_ptr<State>& state, int fd) {
  common::NameThisThread("live-audit");
  Writer writer(state->path, state->server_id, state->clock, fd);
  bool complained = false;
  for (bool closing = false; !closing;) {
    std::deque<Line> lines;
    bool reopen = false;
    {
      common::MutexLock lock(state->mu);
      while (state->waiting.empty() && !state->reopen && !state->closing) state->changed.Wait(state->mu);
      lines.swap(state->waiting);
      reopen = std::exchange(state->reopen, false);
      closing = state->closing;
    }
    if (reopen || writer.deleted()) writer.Reopen();
    Figures figures;
    int error = 0;
    for (const Line& line : lines) {
      if (writer.Write(*line.event, line.left_out)) {
        ++figures.written;
      } else {
        error = errno;
        ++figures.lost;
      }
    }
    if (closing) (void)writer.TellLeftOut();
    if (!lines.empty()) writer.Sync();
    if (figures.lost == 0 && !lines.empty()) {
      complained = false;
    } else if (figures.lost != 0 && !std::exchange(complained, true)) {
      spdlog::error("audit: lines are lost, {} does not take them: {}", state->path, std::strerror(error));
    }
    common::MutexLock lock(state->mu);
    state->figures.written += figures.written;
    state->figures.lost += figures.lost;
  }
  common::MutexLock lock(state->mu);
  state->closed = true;
  state->done.NotifyOne();
}

}  // namespace liveness::app
