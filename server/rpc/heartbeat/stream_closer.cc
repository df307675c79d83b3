#include "server/rpc/heartbeat/stream_closer.h"

#include <utility>

#include "common/thread_name.h"

namespace liveness::rpc {
namespace {

// An end that gave no other sign is the stream's alone if its connection stands, else the connection's.
core::StreamEnd HowItEnded(core::StreamEnd how, const core::LinkEvidence& link) {
  if (how != core::StreamEnd::kNone) return how;
  return link.tcp.established ? core::StreamEnd::kCancelled : core::StreamEnd::kConnectionClosed;
}

}  // namespace

StreamCloser::StreamCloser(const common::Clock& clock, Ask ask, Tell tell)
    : clock_(clock), ask_(std::move(ask)), tell_(std::move(tell)), thread_([this] { Run(); }) {}

StreamCloser::~StreamCloser() {
  {
    common::MutexLock lock(mu_);
    stopping_ = true;
  }
  wake_.NotifyOne();
  thread_.join();
}

std::size_t StreamCloser::waiting() const {
  common::MutexLock lock(mu_);
  return waiting_.size();
}

bool StreamCloser::Put(EndedStream&& ended) {
  {
    common::MutexLock lock(mu_);
    if (waiting_.size() >= kMaxWaiting) return false;
    waiting_.push_back(std::move(ended));
    // Where others wait, the thread is awake or was woken already.
    if (waiting_.size() > 1) return true;
  }
  wake_.NotifyOne();
  return true;
}

void StreamCloser::Run() {
  common::NameThisThread("live-closer");
  std::vector<EndedStream> batch;
  while (true) {
    {
      common::MutexLock lock(mu_);
      while (waiting_.empty() && !stopping_) wake_.Wait(mu_);
      if (waiting_.empty()) return;
      batch.swap(waiting_);
    }
    TellAll(batch);
    // The memory that a storm of ends took is given back.
    batch = {};
  }
}

void StreamCloser::TellAll(std::vector<EndedStream>& batch) {
  std::vector<net::TcpDiag::Question> questions;
  for (const EndedStream& ended : batch) {
    if (ended.look && !ended.link.proxied) questions.push_back(ended.link.socket);
  }
  const common::MonoTime taken_at = clock_.Mono();
  const std::vector<core::TcpEvidence> answers = ask_(questions);
  std::size_t answered = 0;
  for (EndedStream& ended : batch) {
    core::LinkEvidence link;
    if (ended.look) {
      link = EvidenceOf(ended.link, taken_at);
      if (!ended.link.proxied) link.tcp = answers[answered++];
    }
    ended.how = HowItEnded(ended.how, link);
    tell_(ended, link);
  }
}

}  // namespace liveness::rpc
