// Tells of every transition in a line of JSON, with the moment at which it came.
//
//   fault_watcher HOST:PORT [FILTER]
//
// {"ready": NANOS}, then {"seen": NANOS, "client_id": ..., "from": "ALIVE", "to": "SUSPECT", ...} each;
// {"group": ...} for a mass failure, {"gap": NANOS} and {"over": NANOS, "why": ...} if the watch breaks.
// Times are nanoseconds of CLOCK_MONOTONIC, which all network namespaces share. It ends when its stdin does.
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "common/clock.h"
#include "liveness/v1/registry_service.grpc.pb.h"

namespace liveness::fault {
namespace {

std::int64_t MonoNanos() { return common::SystemClock().Mono().time_since_epoch().count(); }

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof(code), "\\u%04x", c);
      out += code;
    } else {
      out += c;
    }
  }
  return out + '"';
}

// `STATE_ALIVE` as people see it.
std::string Short(const std::string& name, std::string_view prefix) {
  const std::string text = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
  return Quoted(text == "UNSPECIFIED" ? "" : text);
}

template <typename Proto>
std::int64_t Nanos(const Proto& proto) {
  return proto.seconds() * 1'000'000'000 + proto.nanos();
}

void Print(const v1::Transition& transition, std::int64_t now) {
  const v1::Evidence& evidence = transition.evidence();
  const auto state = [](v1::State s) { return Short(v1::State_Name(s), "STATE_"); };
  const auto health = [](v1::Health h) { return Short(v1::Health_Name(h), "HEALTH_"); };
  std::printf(
      "{\"seen\": %lld, \"client_id\": %s, \"incarnation\": %llu, \"revision\": %llu, \"from\": %s, "
      "\"to\": %s, \"from_health\": %s, \"to_health\": %s, \"cause\": %s, \"confidence\": %s, "
      "\"silence\": %lld, \"credited\": %lld, \"summary\": %s}\n",
      static_cast<long long>(now), Quoted(transition.client_id()).c_str(),
      static_cast<unsigned long long>(transition.incarnation()),
      static_cast<unsigned long long>(transition.revision()), state(transition.from_state()).c_str(),
      state(transition.to_state()).c_str(), health(transition.from_health()).c_str(),
      health(transition.to_health()).c_str(), Short(v1::Cause_Name(transition.cause()), "CAUSE_").c_str(),
      Short(v1::Confidence_Name(evidence.confidence()), "CONFIDENCE_").c_str(),
      static_cast<long long>(Nanos(evidence.heartbeat().silence())),
      static_cast<long long>(Nanos(evidence.heartbeat().credited())), Quoted(evidence.summary()).c_str());
}

// A completion queue of its own: the callback API sleeps up to 100 ms on a quiet channel.
int Watch(const std::string& target, const std::string& filter) {
  grpc::ChannelArguments args;
  args.SetMaxReceiveMessageSize(-1);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const auto stub = v1::RegistryService::NewStub(
      grpc::CreateCustomChannel("ipv4:" + target, grpc::InsecureChannelCredentials(), args));
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  void* tag = nullptr;
  bool ok = false;
  v1::WatchClientsRequest request;
  request.set_filter(filter);
  const auto stream = stub->PrepareAsyncWatchClients(&context, request, &queue);
  stream->StartCall(nullptr);
  v1::WatchClientsResponse response;
  bool ready = false;
  while (queue.Next(&tag, &ok) && ok) {
    const std::int64_t now = MonoNanos();
    for (const v1::GroupEvent& group : response.groups()) {
      std::printf(
          "{\"group\": %s, \"seen\": %lld, \"revision\": %llu, \"affected\": %lld, \"members\": %lld}\n",
          Quoted(group.scope()).c_str(), static_cast<long long>(now),
          static_cast<unsigned long long>(group.revision()), static_cast<long long>(group.affected_count()),
          static_cast<long long>(group.member_count()));
    }
    for (const v1::Transition& transition : response.transitions()) Print(transition, now);
    if (response.has_gap()) std::printf("{\"gap\": %lld}\n", static_cast<long long>(now));
    if (response.snapshot_done() && !ready) {
      ready = true;
      std::printf("{\"ready\": %lld}\n", static_cast<long long>(now));
    }
    std::fflush(stdout);
    stream->Read(&response, nullptr);
  }
  grpc::Status status;
  stream->Finish(&status, nullptr);
  queue.Next(&tag, &ok);
  std::printf("{\"over\": %lld, \"why\": %s}\n", static_cast<long long>(MonoNanos()),
              Quoted(status.error_message()).c_str());
  std::fflush(stdout);
  return 1;
}

}  // namespace
}  // namespace liveness::fault

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: fault_watcher HOST:PORT [FILTER]\n");
    return 2;
  }
  std::thread([] {
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    std::_Exit(0);
  }).detach();
  return liveness::fault::Watch(argv[1], argc > 2 ? argv[2] : "");
}
