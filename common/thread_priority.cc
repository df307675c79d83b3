#include "common/thread_priority.h"

#ifdef __linux__
#include <sys/resource.h>
#endif

namespace liveness::common {

void LowerThisThreadsPriority() {
#ifdef __linux__
  // Linux keeps this for each thread, whatever POSIX says of processes.
  constexpr int kNice = 10;
  (void)setpriority(PRIO_PROCESS, 0, kNice);
#endif
}

}  // namespace liveness::common
