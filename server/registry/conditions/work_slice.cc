#include "server/registry/conditions/work_slice.h"

#include "common/mutex.h"

namespace liveness::registry {

void WorkSlice::LetOthersIn() {
  common::Mutex mu;
  common::CondVar never;
  common::MutexLock lock(mu);
  never.WaitFor(mu, std::chrono::microseconds(50));
}

}  // namespace liveness::registry
