#include "common/grpc/socket_mutator.h"

#include <cstddef>
#include <utility>
#include <vector>

#include <grpc/support/sync.h>

// The layout is not public. It has held since gRPC 1.40, and a test reads the
// options back from the kernel, so that a gRPC that changes it is found out.

namespace liveness::common {
namespace {

enum Usage { kClient = 0, kListener = 1, kAccepted = 2 };

struct Info {
  int fd;
  int usage;
};

struct Vtable {
  bool (*mutate_fd)(int fd, void* self);
  int (*compare)(void* left, void* right);
  void (*destroy)(void* self);
  bool (*mutate_fd_2)(const Info* info, void* self);
};

struct Layout {
  const Vtable* vtable;
  gpr_refcount refcount;
};

struct Mutator : Layout {
  TcpKeepalive keepalive;
  SocketObserver observer;
};

bool Mutate(const Info* info, void* self) {
  const auto& mutator = *static_cast<const Mutator*>(static_cast<Layout*>(self));
  const bool is_tcp = IsTcp(info->fd);
  // A refused option must not refuse the connection: a keepalive less is
  // reported by whoever reads the values back, a client less is an outage.
  if (is_tcp) (void)SetTcpKeepalive(info->fd, mutator.keepalive);
  const bool observed = info->usage == kClient || (info->usage == kAccepted && is_tcp);
  if (observed && mutator.observer) mutator.observer(info->fd);
  return true;
}

bool MutateClient(int fd, void* self) {
  const Info info{fd, kClient};
  return Mutate(&info, self);
}

// Part of the key under which channels share connections: equal settings must
// compare equal. Two observers are never equal.
int Compare(void* left, void* right) {
  if (left == right) return 0;
  const auto& a = *static_cast<const Mutator*>(static_cast<Layout*>(left));
  const auto& b = *static_cast<const Mutator*>(static_cast<Layout*>(right));
  const bool equal = !a.observer && !b.observer && a.keepalive == b.keepalive;
  if (equal) return 0;
  return left < right ? -1 : 1;
}

void Destroy(void* self) { delete static_cast<Mutator*>(static_cast<Layout*>(self)); }

constexpr Vtable kVtable = {MutateClient, Compare, Destroy, Mutate};

void* Ref(void* self) {
  gpr_ref(&static_cast<Layout*>(self)->refcount);
  return self;
}

void Unref(void* self) {
  if (gpr_unref(&static_cast<Layout*>(self)->refcount)) Destroy(self);
}

constexpr grpc_arg_pointer_vtable kArgVtable = {Ref, Unref, Compare};

void Attach(grpc::ChannelArguments& args, const TcpKeepalive& keepalive, SocketObserver observer) {
  auto* mutator = new Mutator{{&kVtable, {}}, keepalive, std::move(observer)};
  gpr_ref_init(&mutator->refcount, 1);
  void* self = static_cast<Layout*>(mutator);
  args.SetPointerWithVtable(GRPC_ARG_SOCKET_MUTATOR, self, &kArgVtable);
  Unref(self);  // the arguments hold their own reference
}

class SocketOption final : public grpc::ServerBuilderOption {
 public:
  SocketOption(const TcpKeepalive& keepalive, SocketObserver on_accept)
      : keepalive_(keepalive), on_accept_(std::move(on_accept)) {}

  void UpdateArguments(grpc::ChannelArguments* args) override { Attach(*args, keepalive_, on_accept_); }
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>*) override {}

 private:
  const TcpKeepalive keepalive_;
  const SocketObserver on_accept_;
};

}  // namespace

void SetSocketMutator(grpc::ChannelArguments& args, const TcpKeepalive& keepalive, SocketObserver on_socket) {
  Attach(args, keepalive, std::move(on_socket));
}

std::unique_ptr<grpc::ServerBuilderOption> MakeServerSocketOption(const TcpKeepalive& keepalive,
                                                                  SocketObserver on_accept) {
  return std::make_unique<SocketOption>(keepalive, std::move(on_accept));
}

}  // namespace liveness::common
