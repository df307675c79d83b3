// The audit log in a file (--audit-file): a line of JSON for each event, with the fields of ListAuditEvents.
// Appended to, with mode 0600 where this server makes it; nothing is ever taken away, so that it is to be
// rotated, and opened anew by SIGHUP.
//
// A thread of its own writes, and syncs what it wrote. A disk that is full or stands costs the lines that it
// did not take; they are counted, the log says so, and the next line that is taken tells how many were left
// out (reason LINES_LEFT_OUT). Nobody waits for it.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/auth/audit/audit_event.h"

namespace liveness::app {

class AuditFile {
 public:
  // Lines that may wait for the disk; more are lost.
  static constexpr std::size_t kMostWaiting = 10'000;
  // How long the end waits for the disk.
  static constexpr common::Duration kLastWrite = std::chrono::seconds(2);

  struct Figures {
    std::uint64_t written = 0;
    std::uint64_t lost = 0;  // that the disk did not take, or not soon enough
  };

  // INVALID_ARGUMENT, in an operator's words: it cannot be opened. `clock` lives for ever.
  static absl::StatusOr<std::unique_ptr<AuditFile>> Open(const std::string& path, std::string server_id,
                                                         const common::Clock& clock);
  // Writes the rest, within kLastWrite.
  ~AuditFile();
  AuditFile(const AuditFile&) = delete;
  AuditFile& operator=(const AuditFile&) = delete;

  // As AuditLog::Write has it.
  void Write(const auth::AuditEventPtr& event, std::uint64_t left_out);
  // The file was moved away: the next line goes to a new one. If that cannot be opened the old one stays.
  void Reopen();
  Figures figures() const;

 private:
  struct Line {
    auth::AuditEventPtr event;
    std::uint64_t left_out = 0;  // refusals before it that came too fast
  };
  // Shared with the thread, which may outlive this.
  struct State {
    State(std::string given_path, std::string id, const common::Clock& given)
        : path(std::move(given_path)), server_id(std::move(id)), clock(given) {}
    const std::string path;
    const std::string server_id;
    const common::Clock& clock;
    common::Mutex mu;
    common::CondVar changed;
    common::CondVar done;
    std::deque<Line> waiting ABSL_GUARDED_BY(mu);
    Figures figures ABSL_GUARDED_BY(mu);
    bool reopen ABSL_GUARDED_BY(mu) = false;
    bool closing ABSL_GUARDED_BY(mu) = false;
    bool closed ABSL_GUARDED_BY(mu) = false;
  };
  AuditFile(std::shared_ptr<State> state, int fd);
  static void Keep(const std::shared_ptr<State>& state, int fd);

  const std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace liveness::app
