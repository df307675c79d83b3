#include "server/hooks/command_run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "common/process/spawn.h"
#include "common/strings.h"

namespace liveness::hooks {
namespace {

// Closes what nobody took.
struct Pipe {
  int read_end = -1, write_end = -1;
  bool Open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read_end = ends[0], write_end = ends[1];
    return true;
  }
  ~Pipe() {
    if (read_end >= 0) close(read_end);
    if (write_end >= 0) close(write_end);
  }
};

// What systemd tells the server alone, and what would be taken for a field of the event.
bool IsForUsOnly(std::string_view variable) {
  for (const std::string_view name : {"NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID=", "LISTEN_",
                                      "CREDENTIALS_DIRECTORY=", "LIVENESS"}) {
    if (variable.starts_with(name)) return true;
  }
  return false;
}

// The event's fields, and ours.
std::vector<std::string> EnvironmentOf(const Event& event) {
  std::vector<std::string> environment = event.environment;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    if (!IsForUsOnly(*variable)) environment.emplace_back(*variable);
  }
  return environment;
}

absl::Status CannotRun(const std::string& program, int error) {
  absl::StatusCode code = absl::StatusCode::kUnavailable;
  if (error == ENOENT || error == ENOTDIR) code = absl::StatusCode::kNotFound;
  if (error == EACCES || error == EPERM) code = absl::StatusCode::kPermissionDenied;
  if (error == ENOEXEC || error == ELIBBAD) code = absl::StatusCode::kFailedPrecondition;
  return absl::Status(code, common::StrCat("cannot run ", program, ": ", std::strerror(error)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<CommandRun>> CommandRun::Start(const HookConfig& hook, EventPtr event) {
  const std::string& program = hook.command.front();
  Pipe in, out;
  if (!in.Open() || !out.Open()) return CannotRun(program, errno);
  common::SpawnOptions options;
  options.input = in.read_end;
  options.output = options.error = out.write_end;
  sigemptyset(&options.blocked);
  sigfillset(&options.not_ignored);
  pid_t pid = -1;
  const int error = common::Spawn(hook.command, EnvironmentOf(*event), options, pid);
  if (error != 0) return CannotRun(program, error);
  // Nobody else waits for our children, so the number is still this one's.
  const int pid_fd = common::OpenProcess(pid);
  if (pid_fd < 0) {
    const int cannot_watch = errno;
    kill(-pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return CannotRun(program, cannot_watch);
  }
  fcntl(in.write_end, F_SETFL, O_NONBLOCK);
  fcntl(out.read_end, F_SETFL, O_NONBLOCK);
  return std::unique_ptr<CommandRun>(new CommandRun(
      std::move(event), pid, pid_fd, std::exchange(in.write_end, -1), std::exchange(out.read_end, -1)));
}

CommandRun::CommandRun(EventPtr event, pid_t pid, int pid_fd, int in, int out)
    : event_(std::move(event)), pid_(pid), pid_fd_(pid_fd), in_(in), out_(out) {}

CommandRun::~CommandRun() {
  if (!ended_) {
    Kill();
    siginfo_t ignored{};
    waitid(P_PIDFD, static_cast<id_t>(pid_fd_), &ignored, WEXITED);
  }
  if (in_ >= 0) close(in_);
  if (out_ >= 0) close(out_);
  close(pid_fd_);
}

void CommandRun::AddTo(std::vector<pollfd>& polled) const {
  polled.push_back({pid_fd_, POLLIN, 0});
  if (in_ >= 0) polled.push_back({in_, POLLOUT, 0});
  if (out_ >= 0) polled.push_back({out_, POLLIN, 0});
}

bool CommandRun::Advance() {
  WriteSome();
  ReadSome();
  if (ended_) return true;
  siginfo_t info{};
  const int waited = waitid(P_PIDFD, static_cast<id_t>(pid_fd_), &info, WEXITED | WNOHANG);
  if (waited == 0 && info.si_pid == 0) return false;
  if (waited != 0 && errno == EINTR) return false;
  ended_ = true;
  code_ = waited == 0 ? info.si_code : 0;
  status_ = info.si_status;
  ReadSome();  // what it wrote last
  return true;
}

void CommandRun::WriteSome() {
  const std::string& body = event_->body;
  while (in_ >= 0) {
    const ssize_t count =
        written_ < body.size() ? write(in_, body.data() + written_, body.size() - written_) : -2;
    if (count == -1 && (errno == EAGAIN || errno == EINTR)) return;
    if (count > 0) {
      written_ += static_cast<std::size_t>(count);
    } else {  // all of it, or it does not read any more: that is its own affair
      close(std::exchange(in_, -1));
    }
  }
}

void CommandRun::ReadSome() {
  std::array<char, 4096> buffer;
  // Bounded: one that writes fast must not keep the thread.
  for (int i = 0; i < 16 && out_ >= 0; ++i) {
    const ssize_t count = read(out_, buffer.data(), buffer.size());
    if (count == -1 && (errno == EAGAIN || errno == EINTR)) return;
    const std::size_t bytes = count > 0 ? static_cast<std::size_t>(count) : 0;
    output_.append(buffer.data(), std::min(bytes, kShownBytes - output_.size()));
    read_ += bytes;
    if (count <= 0 || read_ > kMostBytes) close(std::exchange(out_, -1));
  }
}

void CommandRun::Kill() {
  if (!ended_) kill(-pid_, SIGKILL);
}

Outcome CommandRun::Ended() const {
  std::string how;
  if (code_ == CLD_EXITED && status_ == 0) return {.result = Result::kTaken};
  if (code_ == CLD_EXITED) {
    how = common::StrCat("exited with ", status_);
  } else if (code_ == 0) {
    how = "ended, and somebody else took its exit status";
  } else {
    how = common::StrCat("was killed by signal ", status_);
  }
  const std::string_view first_line = std::string_view(output_).substr(0, output_.find_first_of("\r\n"));
  if (!first_line.empty()) how += common::StrCat(": ", first_line);
  return {.result = Result::kFailed, .error = std::move(how)};
}

}  // namespace liveness::hooks
