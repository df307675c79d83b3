// The script of one client process: it beats, loses its nerve when it is not
// answered, reconnects with its token, and suffers what the faults do to it.
//
// It follows the recipe of the client library: a hello, then a ping an interval;
// no answer within the timeout of the last answered ping means that the server
// is gone, so it closes and comes back. Only `ABORTED` stops it for good.
//
// Some make before they break: when an answer is overdue they open another stream
// beside the silent one, up to three (runners.h), go on with the first that is
// welcomed, and close the others some time later, in any order. They are patient
// with the silent one for three timeouts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "server/core/record/record.h"
#include "tests/simulation/random.h"
#include "tests/simulation/rules/line.h"
#include "tests/simulation/world/message.h"
#include "tests/simulation/world/parts.h"
#include "tests/simulation/world/runners.h"

namespace liveness::simulation {

// How a process was started.
struct Habits {
  std::string client_id;
  std::string instance_id;
  std::string host;
  Duration interval{};
  Duration timeout{};
  Duration latency{};      // of its path, at most, while nothing is wrong
  bool many_ports = true;  // each stream comes from another address
  bool adaptive = false;   // asks for accrual
  int loss = 0;            // per cent of pings, and of pongs, that never come
  bool races = false;      // makes before it breaks
  Duration patience{};     // how late an answer may be until it does
};

class Process : public std::enable_shared_from_this<Process> {
 public:
  Process(const Parts& parts, Habits habits);

  const Habits& habits() const { return habits_; }
  bool running() const { return running_; }
  bool stopped() const { return stopped_; }
  const core::Labels& labels() const { return labels_; }

  void Connect();

  // What happens to it. No-ops where they make no sense.
  void Crash();                        // its kernel closes all at once
  void Stop(Duration span);            // SIGSTOP, then SIGCONT
  void Cut(Duration span, bool drop);  // the network; `drop`: what was in flight never comes
  void Slow(Duration span, Duration latency);
  void Goodbye(int exit_code);
  void Reconnect(bool close_first, core::StreamEnd how);
  void UpdateLabels(core::Labels labels);
  void BeSilent();  // for ever

  // What the server says, when it reaches the process.
  // `vouched_for`: what the server says, from the moment of sending on.
  void OnWelcome(const Line& line, MonoTime hello_sent, std::uint64_t incarnation, Duration vouched_for);
  void OnPong(const Line& line, MonoTime ping_sent, Duration vouched_for);
  void OnEnd(const Line& line, bool final);
  // The server's kernel closed that connection, or there is none to connect to; all of its connections.
  void OnReset(const std::shared_ptr<Line>& line);
  void OnKill();
  // When something that leaves now comes to the other end; nothing if it never does.
  std::optional<MonoTime> Delivery();
  // True if a ping, or a pong, that leaves now never comes to the other end.
  bool LosesOne();

  // Until when it counts on not being dead.
  MonoTime believed_until() const { return believed_until_; }

 private:
  void Believe(MonoTime until);
  void Wake(std::uint64_t plan);
  void PlanWake(Duration in);
  std::shared_ptr<Line> Open(bool beside);
  void Send(const std::shared_ptr<Line>& line, Message message);
  // All of its streams.
  void Close(core::StreamEnd how, bool for_our_sake);
  void GiveUp();
  // Until when it waits for an answer.
  MonoTime LostAt() const;
  void Ping();
  void OpenBeside();
  // Goes on with a stream that it opened beside. False if it was none.
  bool MoveTo(const Line& line);
  // Closes one that it no longer needs, some time later.
  void Leave(const std::shared_ptr<Line>& line);
  // From now on nothing that it lacks is the server's fault.
  void Hinder(MonoTime until);

  const Parts& parts_;
  const Habits habits_;
  core::Labels labels_;
  bool running_ = true;
  bool stopped_ = false;
  bool cut_for_good_ = false;
  std::shared_ptr<Line> line_;  // null while it has none
  Runners runners_;
  std::uint32_t attempts_ = 0;
  std::optional<std::uint64_t> token_;
  MonoTime believed_until_ = MonoTime::min();
  MonoTime answered_{};  // when the last ping that was answered was sent
  MonoTime next_ping_{};
  MonoTime hindered_until_{};
  MonoTime cut_until_{};
  bool drops_ = false;
  MonoTime slow_until_{};
  Duration slow_latency_{};
  std::uint64_t plan_ = 0;  // the wake that counts
};

}  // namespace liveness::simulation
