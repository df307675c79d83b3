// One client of the load generator: a connection with one heartbeat stream.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "common/clock.h"
#include "common/mutex.h"
#include "liveness/v1/heartbeat_service.pb.h"
#include "server/rpc/engine/tag.h"

namespace liveness::bench {

// What all connections count together.
struct Counters {
  std::atomic<std::int64_t> joined{0};
  std::atomic<std::int64_t> answers{0};  // without the welcome
  std::atomic<std::int64_t> outstanding{0};
  std::atomic<std::int64_t> unsent{0};  // handed to gRPC, but not yet written
  std::atomic<std::int64_t> ended{0};
  std::atomic<bool> repeat{false};  // each answer is followed by the next ping
};

struct ConnectionOptions {
  std::string target;
  std::string client_id;
  common::Duration interval{};
  common::Duration timeout{};
  // Reads what the answers say; without it they are only counted.
  bool understand = false;
  // Shared with others; null: a connection of its own.
  std::shared_ptr<grpc::Channel> channel;
  // Called on the queue's thread when the welcome comes, at each answer after it, and at the end.
  std::function<void()> on_joined;
  std::function<void()> on_answer;
  std::function<void()> on_ended;
  // Pings number themselves so far apart: what lies between is taken for lost.
  std::uint64_t sequence_step = 1;
  // Says more in the hello.
  std::function<void(v1::Hello&)> adjust;
};

// A channel that shares its connection with no other channel.
std::shared_ptr<grpc::Channel> NewChannel(const std::string& target);

// Thread-safe. Its tags run on the queue's one thread; it lives until the end
// of the process, for nobody waits for its last tag.
class Connection {
 public:
  Connection(const ConnectionOptions& options, grpc::CompletionQueue& cq, Counters& counters);

  // Sends a ping; nothing if one is in flight.
  void Ping();
  // Sends new labels, which makes one transition.
  void Update(std::uint64_t value);
  // Ends the stream without goodbye; its connection stays.
  void Cancel() { context_.TryCancel(); }

  const std::string& client_id() const { return options_.client_id; }
  // When the server had the last ping that it answered. REQUIRES: `understand`.
  std::int64_t last_receive_nanos() const { return last_receive_nanos_.load(); }

 private:
  void OnStart(bool ok);
  void OnRead(bool ok);
  void OnWrite(bool ok);
  void OnFinish(bool ok);
  void Understand(grpc::ByteBuffer& bytes);
  void Send(const v1::HeartbeatRequest& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SendPing() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const ConnectionOptions options_;
  Counters& counters_;
  grpc::ClientContext context_;
  grpc::GenericStub stub_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  rpc::MemberTag<Connection, &Connection::OnStart> start_tag_{this};
  rpc::MemberTag<Connection, &Connection::OnRead> read_tag_{this};
  rpc::MemberTag<Connection, &Connection::OnWrite> write_tag_{this};
  rpc::MemberTag<Connection, &Connection::OnFinish> finish_tag_{this};
  grpc::ByteBuffer incoming_;
  grpc::Status status_;
  bool joined_ = false;
  std::atomic<std::int64_t> last_receive_nanos_{0};

  common::Mutex mu_;
  std::deque<grpc::ByteBuffer> waiting_ ABSL_GUARDED_BY(mu_);
  bool said_hello_ ABSL_GUARDED_BY(mu_) = false;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool in_flight_ ABSL_GUARDED_BY(mu_) = false;
  std::uint64_t sequence_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace liveness::bench
