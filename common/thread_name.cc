#include "common/thread_name.h"

#include <pthread.h>

#include <string>

namespace liveness::common {

void NameThisThread(std::string_view name) {
  constexpr std::size_t kMaxBytes = 15;
  const std::string kept(name.substr(0, kMaxBytes));
#ifdef __APPLE__
  (void)pthread_setname_np(kept.c_str());
#else
  (void)pthread_setname_np(pthread_self(), kept.c_str());
#endif
}

}  // namespace liveness::common
