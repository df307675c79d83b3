// A throw-away client that beats quickly for a while: what its pongs tell of the path, and which quality the
// server grants on it. It says goodbye at its end, so that nobody is alarmed. Not thread-safe.
#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client/cli/doctor/facts.h"
#include "client/cli/doctor/probe_stream.h"
#include "client/cli/doctor/socket_view.h"
#include "client/cli/process/stop_flag.h"
#include "common/clock.h"
#include "common/mutex.h"

namespace liveness::cli::doctor {

struct ProbeSettings {
  std::string client_id;
  common::Duration beat_for{};
  common::Duration patience{};  // for each answer that is no pong
};

class HeartbeatProbe {
 public:
  // `socket` is that of `channel`. All outlive this.
  HeartbeatProbe(ProbeSettings settings, std::shared_ptr<grpc::Channel> channel, const SocketView& socket,
                 StopFlag& stop, const common::Clock& clock);

  // Says hello. False if it is refused.
  bool Begin(HeartbeatFacts& facts);
  // Beats until its time is over, or until it is stopped. REQUIRES: Begin() was true.
  void Beat(HeartbeatFacts& facts);
  // Asks for ever more time to be found in, until the server grants it. `least`: the shortest interval that
  // the server grants to anybody. REQUIRES: Begin() was true.
  QualityFacts AskQuality(common::Duration recurrence, common::Duration least);
  // Says goodbye. True if the server confirmed it.
  bool Leave();

 private:
  struct Sent {
    common::MonoTime at{};
    common::WallTime wall{};
    std::optional<common::Duration> round_trip;
  };

  v1::HeartbeatRequest Hello() const;
  void OnPong(const v1::Pong& pong, common::MonoTime now);
  // A hello with a quality, on a stream of its own. If it is granted that stream is the client's from then
  // on.
  absl::StatusOr<v1::Welcome> Ask(common::Duration found_within, common::Duration recurrence);
  bool Ping();

  const ProbeSettings settings_;
  const std::shared_ptr<grpc::Channel> channel_;
  const SocketView& socket_;
  StopFlag& stop_;
  const common::Clock& clock_;
  const std::string instance_id_;
  const common::Duration lifetime_;
  std::uint32_t attempt_ = 0;
  std::string resume_token_;
  common::Mutex mu_;
  std::vector<Sent> sent_ ABSL_GUARDED_BY(mu_);  // by sequence - 1
  // The clock offset of the pong with the shortest round trip, and that round trip.
  std::optional<common::Duration> offset_ ABSL_GUARDED_BY(mu_);
  common::Duration offset_error_ ABSL_GUARDED_BY(mu_) = common::Duration::max();
  std::unique_ptr<ProbeStream> stream_;
};

}  // namespace liveness::cli::doctor
