// Many watchers, each on a connection of its own.
//
//   watchers HOST:PORT COUNT [log]
//
// Waits until each has its snapshot, then takes commands on stdin and answers
// each with one line of JSON:
//
//   expect TRANSITIONS SECONDS   waits until each watcher has been told of that
//                                many since the last command, or SECONDS passed
//
// Every watcher checks that revisions grow and that there is no gap. With `log`
// the first one's transitions to SUSPECT are listed by client: their `time`, when
// they came, and what was credited to the client; and a thread that does nothing else waits for a moment
// every 4 ms and notes how late it woke ("timer"). Times are nanoseconds.
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "bench/commands.h"
#include "common/clock.h"
#include "liveness/v1/registry_service.pb.h"
#include "server/rpc/engine/tag.h"

namespace liveness::bench {
namespace {

constexpr char kMethod[] = "/liveness.v1.RegistryService/WatchClients";

std::int64_t MonoNanos() { return common::SystemClock().Mono().time_since_epoch().count(); }

struct Suspicion {
  std::string client_id;
  std::int64_t time = 0;
  std::int64_t came = 0;
  std::int64_t credited = 0;
};

// Its tags run on the queue's one thread, which alone touches what is not atomic.
class Watcher {
 public:
  Watcher(const std::string& target, grpc::CompletionQueue& cq, bool log)
      : log_(log), stub_(NewChannel(target)) {
    context_.set_wait_for_ready(true);
    stream_ = stub_.PrepareCall(&context_, kMethod, &cq);
    stream_->StartCall(start_tag_.Arm());
  }

  bool ready() const { return ready_.load(); }
  std::int64_t transitions() const { return transitions_.load(); }
  std::int64_t last_came() const { return last_came_.load(); }
  std::int64_t gaps() const { return gaps_.load(); }
  std::int64_t disorder() const { return disorder_.load(); }
  bool over() const { return over_.load(); }

  std::vector<Suspicion> TakeSuspicions() {
    std::lock_guard lock(mu_);
    return std::move(suspicions_);
  }

 private:
  static std::shared_ptr<grpc::Channel> NewChannel(const std::string& target) {
    grpc::ChannelArguments args;
    args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    args.SetMaxReceiveMessageSize(-1);
    return grpc::CreateCustomChannel("ipv4:" + target, grpc::InsecureChannelCredentials(), args);
  }

  void OnStart(bool ok) {
    if (!ok) {
      over_.store(true);
      return;
    }
    grpc::Slice empty;
    stream_->WriteLast(grpc::ByteBuffer(&empty, 1), grpc::WriteOptions(), write_tag_.Arm());
    stream_->Read(&incoming_, read_tag_.Arm());
  }

  void OnWrite(bool) {}

  void OnRead(bool ok) {
    if (!ok) {
      stream_->Finish(&status_, finish_tag_.Arm());
      return;
    }
    Take();
    stream_->Read(&incoming_, read_tag_.Arm());
  }

  void OnFinish(bool) {
    std::fprintf(stderr, "watchers: a stream ended: %s\n", status_.error_message().c_str());
    over_.store(true);
  }

  void Take() {
    google::protobuf::Arena arena;
    auto& response = *google::protobuf::Arena::CreateMessage<v1::WatchClientsResponse>(&arena);
    grpc::ProtoBufferReader reader(&incoming_);
    if (!response.ParseFromZeroCopyStream(&reader)) std::abort();
    const std::int64_t now = MonoNanos();
    if (response.has_gap()) gaps_.fetch_add(1);
    for (const v1::Transition& transition : response.transitions()) {
      if (transition.revision() <= revision_) disorder_.fetch_add(1);
      revision_ = transition.revision();
      if (log_ && transition.to_state() == v1::STATE_SUSPECT) Log(transition);
    }
    if (response.transitions_size() != 0) {
      last_came_.store(now);
      transitions_.fetch_add(response.transitions_size());
    }
    if (response.snapshot_done()) ready_.store(true);
  }

  void Log(const v1::Transition& transition) {
    const auto came = common::SystemClock().Wall().time_since_epoch();
    const auto nanos = [](const auto& proto) { return proto.seconds() * 1'000'000'000 + proto.nanos(); };
    std::lock_guard lock(mu_);
    suspicions_.push_back({transition.client_id(), nanos(transition.time()), came.count(),
                           nanos(transition.evidence().heartbeat().credited())});
  }

  const bool log_;
  grpc::ClientContext context_;
  grpc::GenericStub stub_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  rpc::MemberTag<Watcher, &Watcher::OnStart> start_tag_{this};
  rpc::MemberTag<Watcher, &Watcher::OnWrite> write_tag_{this};
  rpc::MemberTag<Watcher, &Watcher::OnRead> read_tag_{this};
  rpc::MemberTag<Watcher, &Watcher::OnFinish> finish_tag_{this};
  grpc::ByteBuffer incoming_;
  grpc::Status status_;
  std::uint64_t revision_ = 0;
  std::atomic<bool> ready_{false};
  std::atomic<bool> over_{false};
  std::atomic<std::int64_t> transitions_{0};
  std::atomic<std::int64_t> last_came_{0};
  std::atomic<std::int64_t> gaps_{0};
  std::atomic<std::int64_t> disorder_{0};
  std::mutex mu_;
  std::vector<Suspicion> suspicions_;
};

// The bare timer: one thread, one condition variable, nothing else to do.
class BareTimer {
 public:
  BareTimer() : thread_([this] { Run(); }) {}

  std::vector<std::int64_t> Take() {
    std::lock_guard lock(mu_);
    return std::move(late_);
  }

 private:
  void Run() {
    using Steady = std::chrono::steady_clock;
    std::unique_lock lock(mu_);
    while (true) {
      const Steady::time_point due = Steady::now() + std::chrono::milliseconds(4);
      while (Steady::now() < due) wake_.wait_until(lock, due);
      late_.push_back((Steady::now() - due).count());
    }
  }

  std::mutex mu_;
  std::condition_variable wake_;
  std::vector<std::int64_t> late_;
  std::thread thread_;  // until the end of the process
};

class Watchers {
 public:
  Watchers(const std::string& target, std::size_t count, bool log) : poller_([this] { Poll(); }) {
    for (std::size_t i = 0; i < count; ++i) {
      watchers_.push_back(std::make_unique<Watcher>(target, cq_, log && i == 0));
    }
    if (log) timer_ = std::make_unique<BareTimer>();
    taken_.resize(count);
  }

  bool WaitUntilReady() {
    return Until(60, [this] {
      return std::all_of(watchers_.begin(), watchers_.end(), [](auto& w) { return w->ready(); });
    });
  }

  std::string Expect(std::int64_t wanted, double seconds) {
    Until(seconds, [&] {
      for (std::size_t i = 0; i < watchers_.size(); ++i) {
        if (watchers_[i]->transitions() - taken_[i] < wanted) return false;
      }
      return true;
    });
    std::int64_t least = INT64_MAX;
    std::int64_t most = 0;
    std::int64_t last_came = 0;
    std::int64_t gaps = 0;
    std::int64_t disorder = 0;
    std::int64_t over = 0;
    for (std::size_t i = 0; i < watchers_.size(); ++i) {
      const std::int64_t all = watchers_[i]->transitions();
      least = std::min(least, all - taken_[i]);
      most = std::max(most, all - taken_[i]);
      taken_[i] = all;
      last_came = std::max(last_came, watchers_[i]->last_came());
      gaps += watchers_[i]->gaps();
      disorder += watchers_[i]->disorder();
      over += watchers_[i]->over() ? 1 : 0;
    }
    std::ostringstream out;
    out << "{\"least\": " << least << ", \"most\": " << most << ", \"last_came\": " << last_came
        << ", \"gaps\": " << gaps << ", \"disorder\": " << disorder << ", \"over\": " << over
        << ", \"suspicions\": [";
    const char* comma = "";
    for (const Suspicion& each : watchers_[0]->TakeSuspicions()) {
      out << comma << "[\"" << each.client_id << "\", " << each.time << ", " << each.came << ", "
          << each.credited << "]";
      comma = ", ";
    }
    out << "], \"timer\": [";
    comma = "";
    if (timer_ != nullptr) {
      for (const std::int64_t late : timer_->Take()) {
        out << comma << late;
        comma = ", ";
      }
    }
    out << "]}";
    return out.str();
  }

 private:
  template <typename Condition>
  static bool Until(double seconds, Condition condition) {
    const std::int64_t end = MonoNanos() + static_cast<std::int64_t>(seconds * 1e9);
    while (!condition()) {
      if (MonoNanos() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }
  void Poll() {
    void* tag = nullptr;
    bool ok = false;
    while (cq_.Next(&tag, &ok)) static_cast<rpc::Tag*>(tag)->Fire(ok);
  }

  grpc::CompletionQueue cq_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  std::vector<std::int64_t> taken_;
  std::unique_ptr<BareTimer> timer_;
  std::thread poller_;  // until the end of the process
};

int Main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: watchers HOST:PORT COUNT [log]\n");
    return 2;
  }
  auto& watchers = *new Watchers(argv[1], std::strtoull(argv[2], nullptr, 10), argc > 3);
  if (!watchers.WaitUntilReady()) {
    std::fprintf(stderr, "watchers: not all have a snapshot\n");
    std::_Exit(1);
  }
  AnswerCommands("{\"ready\": true}", [&](const std::string& verb, std::istringstream& words) {
    std::int64_t count = 0;
    double seconds = 0;
    words >> count >> seconds;
    return verb == "expect" ? watchers.Expect(count, seconds) : "{}";
  });
  std::_Exit(0);
}

}  // namespace
}  // namespace liveness::bench

int main(int argc, char** argv) { return liveness::bench::Main(argc, argv); }
