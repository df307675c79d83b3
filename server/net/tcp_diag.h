// What the kernel knows of a TCP connection, asked by its two ends
// (NETLINK_SOCK_DIAG, TCP_INFO): no descriptor is needed, nor any right. About
// 40 us a question. Linux only; elsewhere every answer is kUnsupported.
//
// Thread-safe: one question at a time, the others wait for it.
#pragma once

#include <cstdint>

#include "common/mutex.h"
#include "server/core/evidence.h"
#include "server/net/endpoint.h"

namespace liveness::net {

class TcpDiag {
 public:
  TcpDiag();
  ~TcpDiag();
  TcpDiag(const TcpDiag&) = delete;
  TcpDiag& operator=(const TcpDiag&) = delete;

  // `cookie` (SO_COOKIE, 0 if unknown) keeps an answer from being about a later
  // connection between the same ends.
  core::TcpEvidence Ask(const Endpoint& local, const Endpoint& remote, std::uint64_t cookie) const;

 private:
  mutable common::Mutex mu_;
  const int fd_;  // -1: unsupported
  mutable std::uint32_t sequence_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace liveness::net
