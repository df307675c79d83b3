// A word to systemd, where it asked for one ($NOTIFY_SOCKET). Thread-safe.
#pragma once

#include <string_view>

#include "common/clock.h"

namespace liveness::app {

// E.g. "READY=1". Nothing happens without the variable; a failure is ignored.
void SdNotify(std::string_view state);

// That the server reads its files again, which began at `now`; READY=1 follows when
// it has. What Type=notify-reload of systemd 253 waits for; older ones only show it.
void SdNotifyReloading(common::MonoTime now);

}  // namespace liveness::app
