// Many watches, each with a filter of its own that matches nothing and costs as much as it may.
//
//   fault_viewers HOST:PORT COUNT PREDICATES [START_REVISION]
//
// Says {"open": N, "refused": N, "why": TEXT} when each has its snapshot, or (after START_REVISION) its first
// message, or was refused. Then it reads what comes, until its stdin ends.
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "liveness/v1/registry_service.grpc.pb.h"

namespace liveness::fault {
namespace {

constexpr std::size_t kMaxFilterBytes = 4096;
constexpr std::size_t kWatchesOnAConnection = 50;

// `predicates` of them, or as many as a filter may hold. Nobody has such a pid, host or version.
std::string Filter(std::size_t number, std::size_t predicates) {
  std::string filter = "pid=" + std::to_string(100'000'000 + number);
  for (std::size_t i = 1; i < predicates; ++i) {
    const std::string more = " OR pid=" + std::to_string(1'000 + i);
    if (filter.size() + more.size() > kMaxFilterBytes) break;
    filter += more;
  }
  return filter;
}

// Its tags are itself.
struct Viewer {
  enum class Step { kStarting, kReading, kFinishing, kOver } step = Step::kStarting;
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientAsyncReader<v1::WatchClientsResponse>> stream;
  v1::WatchClientsResponse response;
  grpc::Status status;
  bool counted = false;
};

std::shared_ptr<grpc::Channel> NewChannel(const std::string& target) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  args.SetMaxReceiveMessageSize(-1);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel("ipv4:" + target, grpc::InsecureChannelCredentials(), args);
}

int Run(const std::string& target, std::size_t count, std::size_t predicates, std::uint64_t start_revision) {
  grpc::CompletionQueue queue;
  std::vector<std::unique_ptr<v1::RegistryService::Stub>> stubs;
  std::vector<std::unique_ptr<Viewer>> viewers;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % kWatchesOnAConnection == 0) stubs.push_back(v1::RegistryService::NewStub(NewChannel(target)));
    auto& viewer = *viewers.emplace_back(std::make_unique<Viewer>());
    viewer.context.set_wait_for_ready(true);
    v1::WatchClientsRequest request;
    request.set_filter(Filter(i, predicates));
    request.set_start_revision(start_revision);
    viewer.stream = stubs.back()->PrepareAsyncWatchClients(&viewer.context, request, &queue);
    viewer.stream->StartCall(&viewer);
  }
  std::size_t open = 0, refused = 0;
  std::string why;
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) {
    auto& viewer = *static_cast<Viewer*>(tag);
    const std::size_t known = open + refused;
    if (viewer.step == Viewer::Step::kFinishing) {
      viewer.step = Viewer::Step::kOver;
      if (!viewer.counted) ++refused;
      why = viewer.status.error_message();
    } else if (!ok) {
      viewer.step = Viewer::Step::kFinishing;
      viewer.stream->Finish(&viewer.status, &viewer);
    } else {
      const bool answered =
          viewer.step == Viewer::Step::kReading && (start_revision != 0 || viewer.response.snapshot_done());
      if (answered && !viewer.counted) {
        viewer.counted = true;
        ++open;
      }
      viewer.step = Viewer::Step::kReading;
      viewer.stream->Read(&viewer.response, &viewer);
    }
    if (known == count || open + refused < count) continue;
    std::replace(why.begin(), why.end(), '"', '\'');
    std::printf("{\"open\": %zu, \"refused\": %zu, \"why\": \"%s\"}\n", open, refused, why.c_str());
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace liveness::fault

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: fault_viewers HOST:PORT COUNT PREDICATES [START_REVISION]\n");
    return 2;
  }
  std::thread([] {
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    std::_Exit(0);
  }).detach();
  const auto number = [&](int i) { return argc > i ? std::strtoull(argv[i], nullptr, 10) : 0; };
  return liveness::fault::Run(argv[1], number(2), number(3), number(4));
}
