// Preloaded into one process, steps that process's wall clock and nobody else's.
//
//   LD_PRELOAD=libfault_wall_clock.so FAULT_WALL_CLOCK=FILE livenessd ...
//
// FILE holds eight bytes: the offset in nanoseconds, signed, native order. Whoever
// writes to it steps the clock.
//
// Reading the clock is half of it: waits until a moment of CLOCK_REALTIME must see
// the step too, as the kernel's do, which looks at them again at each step. Here
// such a wait is cut into slices of 20 ms, after each of which the stepped clock is
// read. A wait that ends early by that reports a spurious wake-up, which every
// caller must expect, or is gone on with here.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kSlice = 20'000'000;

volatile const int64_t* MapOffset() {
  static const int64_t kNone = 0;
  const char* path = getenv("FAULT_WALL_CLOCK");
  const int fd = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return &kNone;
  void* memory = mmap(nullptr, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  return memory == MAP_FAILED ? &kNone : static_cast<const int64_t*>(memory);
}

int64_t Offset() {
  static volatile const int64_t* const offset = MapOffset();
  return *offset;
}

template <typename Function>
Function Real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

int64_t Nanos(const timespec& at) { return at.tv_sec * kSecond + at.tv_nsec; }
timespec ToTimespec(int64_t nanos) {
  int64_t seconds = nanos / kSecond;
  int64_t rest = nanos % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --seconds;
  }
  return {seconds, rest};
}

bool IsWall(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }

int RealGetTime(clockid_t clock, timespec* at) {
  static const auto real = Real<int (*)(clockid_t, timespec*)>("clock_gettime");
  return real(clock, at);
}

int64_t RealNow() {
  timespec at{};
  RealGetTime(CLOCK_REALTIME, &at);
  return Nanos(at);
}

// The kernel's moment at which a wait until `wanted` on the stepped clock is to be looked at again.
timespec NextLook(const timespec& wanted) {
  return ToTimespec(std::max<int64_t>(0, std::min(Nanos(wanted) - Offset(), RealNow() + kSlice)));
}
bool IsPast(const timespec& wanted) { return RealNow() + Offset() >= Nanos(wanted); }

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* at) noexcept {
  const int result = RealGetTime(clock, at);
  if (result == 0 && IsWall(clock)) *at = ToTimespec(Nanos(*at) + Offset());
  return result;
}

int gettimeofday(timeval* at, void*) noexcept {
  const timespec now = ToTimespec(RealNow() + Offset());
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* at) noexcept {
  const time_t now = ToTimespec(RealNow() + Offset()).tv_sec;
  if (at != nullptr) *at = now;
  return now;
}

// A condition variable made for CLOCK_MONOTONIC would come here too; gRPC and Abseil wait on futexes, and
// libstdc++ names its clock (below), so there is none.
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* wanted) {
  static const auto real =
      Real<int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*)>("pthread_cond_timedwait");
  const timespec look = NextLook(*wanted);
  const int result = real(condition, mutex, &look);
  return result == ETIMEDOUT && !IsPast(*wanted) ? 0 : result;
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* wanted) {
  static const auto real =
      Real<int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>("pthread_cond_clockwait");
  if (!IsWall(clock)) return real(condition, mutex, clock, wanted);
  const timespec look = NextLook(*wanted);
  const int result = real(condition, mutex, clock, &look);
  return result == ETIMEDOUT && !IsPast(*wanted) ? 0 : result;
}

// Abseil waits on futexes by number.
long syscall(long number, ...) noexcept {
  static const auto real = Real<long (*)(long, ...)>("syscall");
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& each : a) each = va_arg(list, long);
  va_end(list);
  const long op = a[1];
  if (number != SYS_futex || (op & FUTEX_CMD_MASK) != FUTEX_WAIT_BITSET || !(op & FUTEX_CLOCK_REALTIME) ||
      a[3] == 0) {
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  }
  const timespec& wanted = *reinterpret_cast<const timespec*>(a[3]);
  for (;;) {
    const timespec look = NextLook(wanted);
    const long result = real(number, a[0], a[1], a[2], reinterpret_cast<long>(&look), a[4], a[5]);
    if (result != -1 || errno != ETIMEDOUT || IsPast(wanted)) return result;
  }
}

}  // extern "C"
