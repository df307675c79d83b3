#include "server/net/inherited_sockets.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/net/endpoint.h"
#include "server/net/listen_address.h"

namespace liveness::net {
namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
constexpr int kMost = 1024;

std::optional<int> OptionOf(int fd, int option) {
  int value = 0;
  socklen_t size = sizeof(value);
  if (getsockopt(fd, SOL_SOCKET, option, &value, &size) != 0) return std::nullopt;
  return value;
}

std::string AddressOf(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  if (const auto endpoint = FromSockaddr(address)) return ToText(*endpoint);
  const auto& unix_address = reinterpret_cast<const sockaddr_un&>(address);
  if (address.ss_family != AF_UNIX || unix_address.sun_path[0] == '\0') return {};
  return std::string(kUnixPrefix) + unix_address.sun_path;
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  (void)unsetenv(name);
  return text;
}

}  // namespace

absl::StatusOr<std::vector<ListenSocket>> TakeInheritedSockets(const ListenOptions& options) {
  const std::string pid = Variable("LISTEN_PID");
  const std::string count = Variable("LISTEN_FDS");
  const std::vector<std::string> names = absl::StrSplit(Variable("LISTEN_FDNAMES"), ':');
  std::vector<ListenSocket> sockets;
  if (count.empty() || pid != std::to_string(getpid())) return sockets;
  int passed = 0;
  if (!absl::SimpleAtoi(count, &passed) || passed < 0 || passed > kMost) {
    return absl::InvalidArgumentError(absl::StrCat("LISTEN_FDS=", count, " is no number of sockets"));
  }
  for (int i = 0; i < passed; ++i) {
    const int fd = kFirst + i;
    const std::string name = i < static_cast<int>(names.size()) ? names[i] : "";
    const std::string address = AddressOf(fd);
    if (OptionOf(fd, SO_ACCEPTCONN).value_or(0) == 0 || OptionOf(fd, SO_TYPE) != SOCK_STREAM ||
        address.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("descriptor ", fd, " of socket activation (", name.empty() ? "without a name" : name,
                       ") is no stream socket that listens: see ListenStream= of the socket unit"));
    }
    ListenSocket listener(fd, address);
    // What already waits in its queue was taken in before anything was set.
    listener.SetAcceptedNeedOptions();
    if (absl::Status ready = PrepareListener(listener, options); !ready.ok()) return ready;
    sockets.push_back(std::move(listener));
  }
  return sockets;
}

}  // namespace liveness::net
