// Many viewers of /api/v1/watch, of which some never read.
//
//   viewers HOST:PORT COUNT DEAF
//
// Opens COUNT streams of Server-Sent Events; DEAF of them are not read after their head. Then takes commands
// on stdin and answers each with one line of JSON:
//
//   expect TRANSITIONS SECONDS   waits until each viewer that reads was told of that many since the last
//   command,
//                                or SECONDS passed
//
// `late` are the times from each transition's own `time` to its arrival, in ms: p50, p99 and the longest.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_cat.h"
#include "bench/commands.h"
#include "common/clock.h"

namespace liveness::bench {
namespace {

constexpr std::string_view kEvent = "event: transition\n";
constexpr std::string_view kTime = "\"time\":\"";

std::int64_t WallNanos() { return common::SystemClock().Wall().time_since_epoch().count(); }
std::int64_t MonoNanos() { return common::SystemClock().Mono().time_since_epoch().count(); }

struct Viewer {
  int fd = -1;
  std::int64_t told = 0;
  std::string text;  // what of it is not yet understood
};

class Viewers {
 public:
  bool Open(const std::string& target, std::size_t count, std::size_t deaf) {
    const std::size_t colon = target.rfind(':');
    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(static_cast<std::uint16_t>(std::stoi(target.substr(colon + 1))));
    inet_pton(AF_INET, target.substr(0, colon).c_str(), &peer.sin_addr);
    for (std::size_t i = 0; i < count; ++i) {
      // From several addresses: one alone may not take all connections.
      sockaddr_in own{};
      own.sin_family = AF_INET;
      own.sin_addr.s_addr = htonl(0x7F000001U + static_cast<std::uint32_t>(i % 4));
      auto viewer = std::make_unique<Viewer>();
      viewer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      (void)bind(viewer->fd, reinterpret_cast<const sockaddr*>(&own), sizeof(own));
      if (connect(viewer->fd, reinterpret_cast<const sockaddr*>(&peer), sizeof(peer)) != 0) return false;
      static constexpr std::string_view kAsk = "GET /api/v1/watch HTTP/1.1\r\nHost: localhost\r\n\r\n";
      if (write(viewer->fd, kAsk.data(), kAsk.size()) != static_cast<ssize_t>(kAsk.size())) return false;
      char head[13] = "";
      if (recv(viewer->fd, head, 12, MSG_WAITALL) != 12 || std::strncmp(head + 9, "200", 3) != 0)
        return false;
      if (i >= deaf) {
        epoll_event event{EPOLLIN, {.ptr = viewer.get()}};
        epoll_ctl(epoll_, EPOLL_CTL_ADD, viewer->fd, &event);
        ++reading_;
      }
      viewers_.push_back(std::move(viewer));
    }
    return true;
  }

  std::string Expect(std::int64_t transitions, double seconds) {
    late_.clear();
    const std::int64_t end = MonoNanos() + static_cast<std::int64_t>(seconds * 1e9);
    std::int64_t least = 0;
    do {
      Take(50);
      least = Least();
    } while (least < transitions && MonoNanos() < end);
    for (auto& viewer : viewers_) viewer->told = 0;
    std::sort(late_.begin(), late_.end());
    const auto at = [this](double share) {
      if (late_.empty()) return 0.0;
      const auto last = static_cast<double>(late_.size() - 1);
      return late_[static_cast<std::size_t>(share * last)];
    };
    return absl::StrCat("{\"least\": ", least, ", \"gaps\": ", gaps_, ", \"ended\": ", ended_,
                        ", \"events\": ", late_.size(), ", \"late\": [", at(0.5), ", ", at(0.99), ", ", at(1),
                        "]}");
  }

 private:
  std::int64_t Least() const {
    std::int64_t least = INT64_MAX;
    for (std::size_t i = viewers_.size() - reading_; i < viewers_.size(); ++i) {
      least = std::min(least, viewers_[i]->told);
    }
    return least;
  }

  void Take(int patience_ms) {
    epoll_event ready[256];
    const int count = epoll_wait(epoll_, ready, 256, patience_ms);
    for (int i = 0; i < count; ++i) Read(*static_cast<Viewer*>(ready[i].data.ptr));
  }

  void Read(Viewer& viewer) {
    char bytes[64 * 1024];
    const ssize_t size = recv(viewer.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (size == 0 || (size < 0 && errno != EAGAIN)) {
      ++ended_;
      epoll_ctl(epoll_, EPOLL_CTL_DEL, viewer.fd, nullptr);
      return;
    }
    if (size < 0) return;
    viewer.text.append(bytes, static_cast<std::size_t>(size));
    const std::int64_t now = WallNanos();
    for (std::size_t end = 0; (end = viewer.text.find("\n\n")) != std::string::npos;) {
      Understand(viewer, std::string_view(viewer.text).substr(0, end), now);
      viewer.text.erase(0, end + 2);
    }
  }

  void Understand(Viewer& viewer, std::string_view event, std::int64_t now) {
    if (event.find("event: gap\n") != std::string_view::npos) ++gaps_;
    if (event.find(kEvent) == std::string_view::npos) return;
    ++viewer.told;
    const std::size_t time = event.find(kTime);
    google::protobuf::Timestamp stamp;
    if (time == std::string_view::npos) return;
    const std::string_view from = event.substr(time + kTime.size());
    if (!google::protobuf::util::TimeUtil::FromString(std::string(from.substr(0, from.find('"'))), &stamp))
      return;
    late_.push_back(
        static_cast<double>(now - google::protobuf::util::TimeUtil::TimestampToNanoseconds(stamp)) / 1e6);
  }

  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Viewer>> viewers_;  // the deaf ones first
  std::size_t reading_ = 0;
  std::int64_t gaps_ = 0, ended_ = 0;
  std::vector<double> late_;
};

int Main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: viewers HOST:PORT COUNT DEAF\n");
    return 2;
  }
  Viewers viewers;
  if (!viewers.Open(argv[1], std::strtoul(argv[2], nullptr, 10), std::strtoul(argv[3], nullptr, 10))) {
    std::fprintf(stderr, "viewers: a stream was refused\n");
    return 1;
  }
  AnswerCommands("ready", [&](const std::string&, std::istringstream& words) {
    std::int64_t transitions = 0;
    double seconds = 0;
    words >> transitions >> seconds;
    return viewers.Expect(transitions, seconds);
  });
  return 0;
}

}  // namespace
}  // namespace liveness::bench

int main(int argc, char** argv) { return liveness::bench::Main(argc, argv); }
