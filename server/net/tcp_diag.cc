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
#include <utility>

#include "absl/container/flat_hash_map.h"

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

struct Request {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};

Request NewRequest(std::uint16_t flags, std::uint32_t sequence) {
  Request request;
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = flags;
  request.header.nlmsg_seq = sequence;
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_ext = 1 << (INET_DIAG_INFO - 1);
  request.body.idiag_states = ~0U;
  return request;
}

// Fewer are asked for one by one.
constexpr std::size_t kLeastToWalk = 200;
// A question costs as much as so many connections of a walk.
constexpr std::size_t kWalkedPerQuestion = 20;

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

TcpEvidence Closed() {
  TcpEvidence gone;
  gone.absence = TcpAbsence::kClosed;
  return gone;
}

bool IsAskable(const TcpDiag::Question& question) {
  return question.local.port != 0 && question.remote.port != 0;
}

Endpoint EndOf(int family, const __be32* address, __be16 port) {
  Endpoint end;
  end.port = ntohs(port);
  const std::size_t skip = family == AF_INET ? kMappedPrefix.size() : 0;
  if (family == AF_INET) std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), end.address.begin());
  std::memcpy(end.address.data() + skip, address, end.address.size() - skip);
  return end;
}

std::pair<Endpoint, Endpoint> EndsOf(const inet_diag_msg& message) {
  const inet_diag_sockid& id = message.id;
  return {EndOf(message.idiag_family, id.idiag_src, id.idiag_sport),
          EndOf(message.idiag_family, id.idiag_dst, id.idiag_dport)};
}

bool IsAbout(const inet_diag_msg& message, std::uint64_t cookie) {
  const std::uint64_t of_message =
      message.id.idiag_cookie[0] | static_cast<std::uint64_t>(message.id.idiag_cookie[1]) << 32;
  return cookie == 0 || cookie == of_message;
}

// Shows `visit` every TCP connection of this network namespace. False if the
// kernel would not, or not all of them.
template <typename Visit>
bool Walk(int fd, std::uint32_t& sequence, Visit visit) {
  if (fd < 0) return false;
  std::vector<char> buffer(1 << 15);  // the most that the kernel puts into one piece
  for (const int family : {AF_INET6, AF_INET}) {
    Request request = NewRequest(NLM_F_REQUEST | NLM_F_DUMP, ++sequence);
    request.body.sdiag_family = static_cast<__u8>(family);
    if (send(fd, &request, sizeof(request), 0) != sizeof(request)) return false;
    for (bool done = false; !done;) {
      const ssize_t size = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (size <= 0) return false;
      std::size_t left = static_cast<std::size_t>(size);
      const char* at = buffer.data();
      while (left >= sizeof(nlmsghdr)) {
        nlmsghdr header{};
        std::memcpy(&header, at, sizeof(header));
        if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > left) return false;
        const std::size_t step = std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), left);
        if (header.nlmsg_seq == sequence) {  // else an old answer
          if (header.nlmsg_type == NLMSG_ERROR) return false;
          if (header.nlmsg_type == NLMSG_DONE) {
            done = true;
          } else if (header.nlmsg_len >= NLMSG_LENGTH(sizeof(inet_diag_msg))) {
            visit(*reinterpret_cast<const inet_diag_msg*>(at + NLMSG_HDRLEN),
                  header.nlmsg_len - NLMSG_HDRLEN);
          }
        }
        at += step;
        left -= step;
      }
    }
  }
  return true;
}

}  // namespace

TcpDiag::TcpDiag() : fd_(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)) {}

TcpDiag::~TcpDiag() {
  if (fd_ >= 0) close(fd_);
}

TcpEvidence TcpDiag::Ask(const Question& question) const {
  common::MutexLock lock(mu_);
  return AskOne(question);
}

TcpEvidence TcpDiag::AskOne(const Question& question) const {
  TcpEvidence unsupported;
  const auto& [local, remote, cookie] = question;
  if (fd_ < 0 || !IsAskable(question)) return unsupported;
  for (const int family : {AF_INET6, AF_INET}) {
    if (family == AF_INET && !IsMapped(remote)) break;
    Request request = NewRequest(NLM_F_REQUEST, ++sequence_);
    const bool knows_cookie = cookie != 0;
    request.body.id.idiag_cookie[0] = knows_cookie ? static_cast<__u32>(cookie) : INET_DIAG_NOCOOKIE;
    request.body.id.idiag_cookie[1] = knows_cookie ? static_cast<__u32>(cookie >> 32) : INET_DIAG_NOCOOKIE;
    SetEnds(request.body, family, local, remote);
    if (send(fd_, &request, sizeof(request), 0) != sizeof(request)) return unsupported;

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
  return Closed();
}

std::vector<TcpEvidence> TcpDiag::AskAll(std::span<const Question> questions, std::size_t connections) const {
  std::vector<TcpEvidence> answers(questions.size());
  // Of each pair of ends, the questions about it: of several streams on one connection, or of a connection
  // and a later one.
  absl::flat_hash_map<std::pair<Endpoint, Endpoint>, std::vector<std::size_t>> by_ends;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (IsAskable(questions[i])) by_ends[{questions[i].local, questions[i].remote}].push_back(i);
  }
  common::MutexLock lock(mu_);
  if (by_ends.size() >= kLeastToWalk && by_ends.size() * kWalkedPerQuestion >= connections) {
    const bool walked = Walk(fd_, sequence_, [&](const inet_diag_msg& message, std::size_t size) {
      const auto found = by_ends.find(EndsOf(message));
      if (found == by_ends.end()) return;
      const TcpEvidence evidence = FromMessage(message, size);
      for (const std::size_t i : found->second) {
        if (IsAbout(message, questions[i].cookie)) answers[i] = evidence;
      }
    });
    if (walked) {
      // The walk met all that there are.
      for (const auto& [ends, indices] : by_ends) {
        for (const std::size_t i : indices) {
          if (answers[i].absence != TcpAbsence::kPresent) answers[i] = Closed();
        }
      }
      return answers;
    }
  }
  for (const auto& [ends, indices] : by_ends) {
    for (const std::size_t i : indices) {
      const bool same = i != indices.front() && questions[i].cookie == questions[indices.front()].cookie;
      answers[i] = same ? answers[indices.front()] : AskOne(questions[i]);
    }
  }
  return answers;
}

}  // namespace liveness::net
