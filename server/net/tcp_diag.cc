#include "server/net/tcp_diag.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>

namespace liveness::net {
namespace {

using core::TcpAbsence;
using core::TcpEvidence;

// include/net/tcp_states.h; the header for programs lacks some of them.
enum TcpState : std::uint8_t {
  kEstablished = 1,
  kFinWait1 = 4,
  kFinWait2 = 5,
  kTimeWait = 6,
  kClosing = 11,
};

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct Question {
  nlmsghdr header{};
  inet_diag_req_v2 request{};
};

bool IsMapped(const Endpoint& endpoint) {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), endpoint.address.begin());
}

// A dual-stack socket is found as AF_INET6 with mapped addresses, one that was
// bound to an IPv4 address as AF_INET: both are asked.
void SetEnds(inet_diag_req_v2& request, int family, const Endpoint& local, const Endpoint& remote) {
  const std::size_t skip = family == AF_INET ? kMappedPrefix.size() : 0;
  request.sdiag_family = static_cast<__u8>(family);
  request.id.idiag_sport = htons(local.port);
  request.id.idiag_dport = htons(remote.port);
  std::memcpy(request.id.idiag_src, local.address.data() + skip, local.address.size() - skip);
  std::memcpy(request.id.idiag_dst, remote.address.data() + skip, remote.address.size() - skip);
}

TcpEvidence FromMessage(const inet_diag_msg& message, std::size_t size) {
  TcpEvidence evidence;
  evidence.absence = TcpAbsence::kPresent;
  evidence.established = message.idiag_state == kEstablished;
  evidence.closed_by_us = message.idiag_state == kFinWait1 || message.idiag_state == kFinWait2 ||
                          message.idiag_state == kTimeWait || message.idiag_state == kClosing;
  evidence.unread_bytes = message.idiag_rqueue;

  const auto* at = reinterpret_cast<const char*>(&message + 1);
  std::size_t left = size - sizeof(message);
  while (left >= sizeof(rtattr)) {
    rtattr attribute{};
    std::memcpy(&attribute, at, sizeof(attribute));
    if (attribute.rta_len < sizeof(rtattr) || attribute.rta_len > left) break;
    if (attribute.rta_type == INET_DIAG_INFO) {
      // An older kernel's is shorter: what it lacks stays zero.
      tcp_info info{};
      std::memcpy(&info, at + RTA_LENGTH(0),
                  std::min<std::size_t>(sizeof(info), attribute.rta_len - RTA_LENGTH(0)));
      evidence.last_ack_age = std::chrono::milliseconds(info.tcpi_last_ack_recv);
      evidence.unacked = info.tcpi_unacked;
      evidence.retransmits = info.tcpi_retransmits;
      evidence.backoff = info.tcpi_backoff;
      evidence.probes = info.tcpi_probes;
      evidence.rtt = std::chrono::microseconds(info.tcpi_rtt);
    }
    const std::size_t step = std::min<std::size_t>(RTA_ALIGN(attribute.rta_len), left);
    at += step;
    left -= step;
  }
  return evidence;
}

}  // namespace

TcpDiag::TcpDiag() : fd_(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)) {}

TcpDiag::~TcpDiag() {
  if (fd_ >= 0) close(fd_);
}

TcpEvidence TcpDiag::Ask(const Endpoint& local, const Endpoint& remote, std::uint64_t cookie) const {
  TcpEvidence unsupported;
  if (fd_ < 0 || remote.port == 0 || local.port == 0) return unsupported;
  common::MutexLock lock(mu_);
  for (const int family : {AF_INET6, AF_INET}) {
    if (family == AF_INET && !IsMapped(remote)) break;
    Question question;
    question.header.nlmsg_len = sizeof(question);
    question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.header.nlmsg_flags = NLM_F_REQUEST;
    question.header.nlmsg_seq = ++sequence_;
    question.request.sdiag_protocol = IPPROTO_TCP;
    question.request.idiag_ext = 1 << (INET_DIAG_INFO - 1);
    question.request.idiag_states = ~0U;
    const bool knows_cookie = cookie != 0;
    question.request.id.idiag_cookie[0] = knows_cookie ? static_cast<__u32>(cookie) : INET_DIAG_NOCOOKIE;
    question.request.id.idiag_cookie[1] =
        knows_cookie ? static_cast<__u32>(cookie >> 32) : INET_DIAG_NOCOOKIE;
    SetEnds(question.request, family, local, remote);
    if (send(fd_, &question, sizeof(question), 0) != sizeof(question)) return unsupported;

    alignas(nlmsghdr) std::array<char, 4096> answer;
    // The kernel answers before send() returns; the loop steps over an old answer.
    for (;;) {
      const ssize_t size = recv(fd_, answer.data(), answer.size(), MSG_DONTWAIT);
      if (size < static_cast<ssize_t>(sizeof(nlmsghdr))) return unsupported;
      nlmsghdr header{};
      std::memcpy(&header, answer.data(), sizeof(header));
      if (header.nlmsg_seq != sequence_ || header.nlmsg_len > static_cast<std::size_t>(size)) continue;
      if (header.nlmsg_type == NLMSG_ERROR) {
        nlmsgerr error{};
        std::memcpy(&error, answer.data() + NLMSG_HDRLEN, sizeof(error));
        if (error.error != -ENOENT && error.error != -ESTALE) return unsupported;
        break;  // not under this family, or another connection by now
      }
      if (header.nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg))) return unsupported;
      return FromMessage(*reinterpret_cast<const inet_diag_msg*>(answer.data() + NLMSG_HDRLEN),
                         header.nlmsg_len - NLMSG_HDRLEN);
    }
  }
  TcpEvidence gone;
  gone.absence = TcpAbsence::kClosed;
  return gone;
}

}  // namespace liveness::net
