// One Heartbeat call on one connection, driven by a completion queue.
//
// Not thread-safe: the worker's thread, which drains the queue, makes it, uses it and drives it.
// Writes never queue up: of each kind of message only the latest is kept, so a
// blocked connection costs no memory.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <grpcpp/grpcpp.h>

#include <liveness/client_interface.h>

#include "client/src/connection_socket.h"
#include "client/src/session/race.h"
#include "client/src/session/stream_end.h"
#include "common/clock.h"
#include "liveness/v1/heartbeat_service.grpc.pb.h"

namespace liveness::internal {

class HeartbeatStream {
 public:
  // Told on the queue's thread, never after Cancel().
  class Listener {
   public:
    virtual ~Listener() = default;
    // The connection stands, and SendHello() is awaited.
    virtual void OnConnected(HeartbeatStream& stream) = 0;
    virtual void OnMessage(HeartbeatStream& stream, const v1::HeartbeatResponse& message) = 0;
    virtual void OnEnd(HeartbeatStream& stream, const StreamEnd& end) = 0;
  };

  // What comes out of the queue.
  struct Tag {
    HeartbeatStream* stream = nullptr;
    int operation = 0;
  };

  // `queue` and `listener` outlive this. `clock` stamps the pongs; `socket` is that of `channel`.
  HeartbeatStream(StreamId id, std::shared_ptr<grpc::Channel> channel,
                  std::shared_ptr<const ConnectionSocket> socket, grpc::CompletionQueue& queue,
                  Listener& listener, const common::Clock& clock);

  // `token`: a bearer's; empty: none.
  void Start(const std::string& token);
  void OnTag(const Tag& tag, bool ok);
  // Ends the call; the listener is told nothing any more. The object must live until done().
  void Cancel();
  // No operation is outstanding: may be destroyed.
  bool done() const { return finished_ && outstanding_ == 0; }

  void SendHello(v1::HeartbeatRequest hello);
  void SendPing(v1::HeartbeatRequest ping);
  void SendPong(const v1::Ping& ping);
  void SendUpdate(v1::HeartbeatRequest update);
  void SendGoodbye(const std::string& reason, const ExitStatus& exit);

  StreamId id() const { return id_; }
  const ConnectionSocket& socket() const { return *socket_; }
  // Which labels the server has from this stream; kept for the worker.
  std::uint64_t labels_version = 0;

 private:
  enum Operation { kStart, kRead, kWrite, kFinish, kOperations };
  // In the order in which they go out.
  enum Slot { kHello, kPong, kPing, kUpdate, kGoodbye, kSlots };

  void* Begin(Operation operation);
  void Put(Slot slot, v1::HeartbeatRequest message);
  void WriteNext();
  void Finish();

  const StreamId id_;
  Listener& listener_;
  const common::Clock& clock_;
  grpc::CompletionQueue& queue_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::shared_ptr<const ConnectionSocket> socket_;
  const std::unique_ptr<v1::HeartbeatService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::HeartbeatRequest, v1::HeartbeatResponse>> call_;
  std::array<Tag, kOperations> tags_;
  std::array<std::optional<v1::HeartbeatRequest>, kSlots> waiting_;
  v1::HeartbeatRequest writing_;
  v1::HeartbeatResponse incoming_;
  grpc::Status status_;
  int outstanding_ = 0;
  bool connected_ = false;
  bool write_in_flight_ = false;
  bool write_broken_ = false;
  bool cancelled_ = false;
  bool finishing_ = false;
  bool finished_ = false;
};

}  // namespace liveness::internal
