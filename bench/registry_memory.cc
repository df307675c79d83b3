// Memory of a registry of many clients, per client, and where it goes.
//
//   registry_memory [CLIENTS]
//
// Counts every allocation of the process. A line of JSON on stdout.
#include <malloc.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "bench/fleet.h"
#include "server/storage/memory_store.h"

namespace {

constexpr std::size_t kMaxSize = 4096;  // what is larger is one class

// Living allocations by the size at which the allocator holds them, its header included.
std::array<long, kMaxSize + 1> blocks{};
long held = 0;

void Count(void* block, long sign) {
  if (block == nullptr) return;
  const std::size_t size = malloc_usable_size(block) + sizeof(std::size_t);
  blocks[size < kMaxSize ? size : kMaxSize] += sign;
  held += sign * static_cast<long>(size);
}

long Resident() {
  long pages = 0;
  long ignored = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%ld %ld", &ignored, &pages) != 2) std::abort();
  std::fclose(file);
  return pages * 4096;
}

void* Counted(void* block) {
  if (block == nullptr) std::abort();
  Count(block, +1);
  return block;
}

void Free(void* block) {
  Count(block, -1);
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) { return Counted(std::malloc(size)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return Counted(std::aligned_alloc(static_cast<std::size_t>(alignment), size));
}
void operator delete(void* block) noexcept { Free(block); }
void operator delete(void* block, std::size_t) noexcept { Free(block); }
void operator delete(void* block, std::align_val_t) noexcept { Free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { Free(block); }

int main(int argc, char** argv) {
  using namespace liveness;
  const std::uint64_t clients = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  storage::MemoryStore store(common::SystemClock());
  registry::Registry registry(bench::FleetOptions(), common::SystemClock(), store, *store.Load());
  const long resident = Resident();
  const auto blocks_before = blocks;
  const long held_before = held;

  std::size_t strings = 0;
  for (std::uint64_t n = 0; n < clients; ++n) {
    strings += bench::StringBytes(bench::MakeInfo(n));
    bench::Join(registry, n);
    if (n % 4096 == 0) registry.PublishPending();
  }
  registry.PublishPending();
  const double per = 1.0 / static_cast<double>(clients);
  const double rss = static_cast<double>(Resident() - resident) * per;
  const double all = static_cast<double>(held - held_before) * per;
  const double own = static_cast<double>(strings) * per;
  std::printf("{\"clients\": %llu, \"rss\": %.1f, \"held\": %.1f, \"strings\": %.1f, \"blocks\": {",
              static_cast<unsigned long long>(clients), rss, all, own);
  const char* comma = "";
  for (std::size_t size = 0; size <= kMaxSize; ++size) {
    const double count = static_cast<double>(blocks[size] - blocks_before[size]) * per;
    if (count < 0.001) continue;
    std::printf("%s\"%zu\": %.3f", comma, size, count);
    comma = ", ";
  }
  std::printf(
      "}, \"sizes\": {\"Session\": %zu, \"ClientRecord\": %zu, \"PackedInfo\": %zu, \"Transition\": %zu}}\n",
      sizeof(registry::Session), sizeof(core::ClientRecord), sizeof(core::PackedInfo),
      sizeof(core::Transition));
}
