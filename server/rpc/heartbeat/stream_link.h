// What a heartbeat stream knows of the connection that carries it.
#pragma once

#include "common/clock.h"
#include "server/core/detection/evidence.h"
#include "server/net/tcp_diag.h"

namespace liveness::rpc {

struct StreamLink {
  // Its remote end is known from the start, the rest from the hello on.
  net::TcpDiag::Question socket;
  // The client's own end is another than the one that we see: a proxy stands between.
  bool proxied = false;
  // The client named no end of its own that can be read: a proxy may stand between.
  bool maybe_proxied = false;
  common::MonoTime probe_time{};  // when the probe left that waits for its pong; {}: none does
  common::MonoTime pong_time{};   // when the client last answered a probe; {}: never
};

// What the stream itself can tell at `now`. Of a direct connection `tcp` is left out: ask the kernel about
// `link.socket`. Of a proxy's it is filled in, for the kernel knows only our end.
core::LinkEvidence EvidenceOf(const StreamLink& link, common::MonoTime now);

}  // namespace liveness::rpc
