// What the kernel knows of a TCP connection, asked by its two ends
// (NETLINK_SOCK_DIAG, TCP_INFO): no descriptor is needed, nor any right. About
// 40 us a question. Linux only; elsewhere every answer is kUnsupported.
//
// Thread-safe: one question at a time, the others wait for it. Whoever must not
// wait for others has a TcpDiag of his own: that is a socket, and no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/mutex.h"
#include "server/core/detection/evidence.h"
#include "server/net/endpoint.h"

namespace liveness::net {

class TcpDiag {
 public:
  struct Question {
    Endpoint local;
    Endpoint remote;
    // SO_COOKIE, 0 if unknown: keeps an answer from being about a later
    // connection between the same ends.
    std::uint64_t cookie = 0;
  };

  TcpDiag();
  ~TcpDiag();
  TcpDiag(const TcpDiag&) = delete;
  TcpDiag& operator=(const TcpDiag&) = delete;

  core::TcpEvidence Ask(const Question& question) const;

  // The answers in the order of the questions. What is asked twice is asked of the
  // kernel once; many at a time are found by walking its table of connections, 1 or
  // 2 us for each of them, whether asked for or not. `connections`: how many this
  // server has, roughly; with it the cheaper way is chosen.
  std::vector<core::TcpEvidence> AskAll(std::span<const Question> questions, std::size_t connections) const;

 private:
  core::TcpEvidence AskOne(const Question& question) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  mutable common::Mutex mu_;
  const int fd_;  // -1: unsupported
  mutable std::uint32_t sequence_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace liveness::net
