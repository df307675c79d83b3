// Asks a server what an operator asks. Takes commands on stdin, one a line, and
// answers each with one line of JSON (bench/run is at the other end):
//
//   page HOST:PORT SIZE   the first page of ListClients, on a connection of its own
//   counts HOST:PORT      GetStats
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>

#include "bench/commands.h"
#include "common/clock.h"
#include "liveness/v1/registry_service.grpc.pb.h"

namespace liveness::bench {
namespace {

std::unique_ptr<v1::RegistryService::Stub> Connect(const std::string& target) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return v1::RegistryService::NewStub(
      grpc::CreateCustomChannel("ipv4:" + target, grpc::InsecureChannelCredentials(), args));
}

void ExitUnlessOk(const grpc::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "queries: %s\n", status.error_message().c_str());
  std::_Exit(1);
}

std::string Page(const std::string& target, int size) {
  const common::MonoTime begun = common::SystemClock().Mono();
  const auto stub = Connect(target);
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  v1::ListClientsRequest request;
  request.set_page_size(size);
  v1::ListClientsResponse response;
  ExitUnlessOk(stub->ListClients(&context, request, &response));
  const std::chrono::duration<double, std::milli> took = common::SystemClock().Mono() - begun;
  std::ostringstream out;
  out << "{\"clients\": " << response.clients_size() << ", \"ms\": " << took.count() << "}";
  return out.str();
}

std::string Counts(const std::string& target) {
  const auto stub = Connect(target);
  grpc::ClientContext context;
  v1::GetStatsResponse response;
  ExitUnlessOk(stub->GetStats(&context, {}, &response));
  const v1::StateCounts& counts = response.counts();
  std::ostringstream out;
  out << "{\"alive\": " << counts.alive() << ", \"suspect\": " << counts.suspect()
      << ", \"dead\": " << counts.dead() << "}";
  return out.str();
}

int Main() {
  AnswerCommands("{\"ready\": true}", [](const std::string& verb, std::istringstream& words) {
    std::string target;
    int size = 0;
    words >> target >> size;
    return verb == "page" ? Page(target, size) : Counts(target);
  });
  return 0;
}

}  // namespace
}  // namespace liveness::bench

int main() { return liveness::bench::Main(); }
