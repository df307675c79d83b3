// Less of the processor for threads whose work may wait.
#pragma once

namespace liveness::common {

// From now on the calling thread gives way to the others of the machine: it is woken and kept
// running behind them, and still gets a tenth of a busy core. Cannot be undone. Linux only;
// elsewhere, and where the system refuses, nothing happens.
void LowerThisThreadsPriority();

}  // namespace liveness::common
