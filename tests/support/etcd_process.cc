#include "tests/support/etcd_process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace liveness::testing {
namespace {

constexpr std::chrono::seconds kStartPatience(20), kCtlPatience(10);
constexpr std::chrono::milliseconds kPoll(20);
constexpr int kStarts = 3;  // somebody else may take a port before etcd does

std::string Find(const char* name) {
  for (const char* folder : {"/usr/bin/", "/usr/local/bin/"}) {
    const std::string path = std::string(folder) + name;
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// Ports that were free a moment ago.
std::vector<std::uint16_t> FreePorts(std::size_t count) {
  std::vector<int> sockets;
  std::vector<std::uint16_t> ports;
  while (ports.size() < count) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    sockets.push_back(fd);
    ports.push_back(ntohs(address.sin_port));
  }
  for (const int fd : sockets) close(fd);
  return ports;
}

std::string HostPort(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

}  // namespace

bool EtcdProcess::Available() { return !Find("etcd").empty() && !Find("etcdctl").empty(); }

std::unique_ptr<EtcdProcess> EtcdProcess::Start(const Options& options) {
  for (int n = 0; n < kStarts; ++n) {
    std::unique_ptr<EtcdProcess> etcd(new EtcdProcess(options));
    for (int member = 0; member < etcd->size(); ++member) etcd->Restart(member);
    if (etcd->AwaitHealthy(kStartPatience)) return etcd;
    std::fprintf(stderr, "etcd did not become ready; it wrote:\n%s\n",
                 etcd->members_[0].process->Err().c_str());
  }
  return nullptr;
}

EtcdProcess::EtcdProcess(const Options& options) : options_(options), dir_(options.data) {
  const bool tls = !options.ca_file.empty();
  const std::string scheme = tls ? "https://" : "http://";
  const auto ports = FreePorts(static_cast<std::size_t>(2 * options.members));
  std::string cluster;
  for (std::size_t n = 0; n < static_cast<std::size_t>(options.members); ++n) {
    members_.push_back({ports[2 * n], ports[2 * n + 1], {}, nullptr});
    cluster += (n == 0 ? "m" : ",m") + std::to_string(n) + "=http://" + HostPort(ports[2 * n + 1]);
  }
  for (std::size_t n = 0; n < members_.size(); ++n) {
    const std::string name = "m" + std::to_string(n);
    const std::string clients = scheme + HostPort(members_[n].client_port);
    const std::string peers = "http://" + HostPort(members_[n].peer_port);
    members_[n].args = {"--name=" + name,
                        "--data-dir=" + dir_.file(name),
                        "--listen-client-urls=" + clients,
                        "--advertise-client-urls=" + clients,
                        "--listen-peer-urls=" + peers,
                        "--initial-advertise-peer-urls=" + peers,
                        "--initial-cluster=" + cluster,
                        "--logger=zap",
                        "--log-level=warn"};
    if (tls) {
      for (const std::string& arg :
           {"--cert-file=" + options.cert_file, "--key-file=" + options.key_file,
            "--trusted-ca-file=" + options.ca_file, std::string("--client-cert-auth")}) {
        members_[n].args.push_back(arg);
      }
    }
    for (const std::string& arg : options.args) members_[n].args.push_back(arg);
  }
}

std::vector<std::string> EtcdProcess::endpoints() const {
  std::vector<std::string> endpoints;
  for (const Member& member : members_) endpoints.push_back(HostPort(member.client_port));
  return endpoints;
}

void EtcdProcess::Signal(int member, int signal) {
  members_[static_cast<std::size_t>(member)].process->Signal(signal);
}

void EtcdProcess::Kill(int member) {
  Signal(member, SIGKILL);
  members_[static_cast<std::size_t>(member)].process->Wait(kStartPatience);
}

void EtcdProcess::Restart(int member) {
  Member& which = members_[static_cast<std::size_t>(member)];
  which.process = std::make_unique<ChildProcess>(Find("etcd"), which.args);
}

bool EtcdProcess::RestoreFrom(const std::string& snapshot) {
  Kill(0);
  std::vector<std::string> args = {"snapshot", "restore", snapshot};
  for (const std::string& arg : members_[0].args) {
    for (const char* kept :
         {"--name=", "--data-dir=", "--initial-advertise-peer-urls=", "--initial-cluster="}) {
      if (arg.starts_with(kept)) args.push_back(arg);
    }
  }
  std::filesystem::remove_all(dir_.file("m0"));
  if (ChildProcess(Find("etcdctl"), args).Wait(kCtlPatience) != 0) return false;
  Restart(0);
  return AwaitHealthy();
}

bool EtcdProcess::SaveFiles(const std::string& to) {
  Kill(0);
  std::filesystem::copy(dir_.file("m0"), to, std::filesystem::copy_options::recursive);
  Restart(0);
  return AwaitHealthy();
}

bool EtcdProcess::PutFilesBack(const std::string& from) {
  Kill(0);
  std::filesystem::remove_all(dir_.file("m0"));
  std::filesystem::copy(from, dir_.file("m0"), std::filesystem::copy_options::recursive);
  Restart(0);
  return AwaitHealthy();
}

bool EtcdProcess::AwaitHealthy(std::chrono::milliseconds patience) const {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  do {
    bool all = true;
    for (const Member& member : members_) {
      std::vector<std::string> args = {"--endpoints=" + HostPort(member.client_port), "--dial-timeout=1s",
                                       "--command-timeout=1s", "get", "nothing"};
      AddTls(args);
      all = all && ChildProcess(Find("etcdctl"), args).Wait(kCtlPatience) == 0;
    }
    if (all) return true;
    std::this_thread::sleep_for(kPoll);
  } while (std::chrono::steady_clock::now() < give_up);
  return false;
}

int EtcdProcess::Leader() const {
  for (int n = 0; n < size(); ++n) {
    const std::string endpoint = HostPort(members_[static_cast<std::size_t>(n)].client_port);
    ChildProcess status(Find("etcdctl"), {"--endpoints=" + endpoint, "--dial-timeout=1s",
                                          "--command-timeout=1s", "endpoint", "status", "-w", "simple"});
    if (status.Wait(kCtlPatience) != 0) continue;
    // ENDPOINT, ID, VERSION, SIZE, IS LEADER, IS LEARNER, ...
    if (status.Out().find(" MB, true,") != std::string::npos ||
        status.Out().find(" kB, true,") != std::string::npos) {
      return n;
    }
  }
  return -1;
}

void EtcdProcess::AddTls(std::vector<std::string>& args) const {
  if (options_.ca_file.empty()) return;
  args.insert(args.begin(),
              {"--cacert=" + options_.ca_file, "--cert=" + options_.cert_file, "--key=" + options_.key_file});
}

std::string EtcdProcess::Ctl(std::vector<std::string> args) const {
  std::string endpoints;
  for (const std::string& each : this->endpoints()) endpoints += (endpoints.empty() ? "" : ",") + each;
  args.insert(args.begin(), "--endpoints=" + endpoints);
  AddTls(args);
  ChildProcess ctl(Find("etcdctl"), args);
  if (ctl.Wait(kCtlPatience) == 0) return ctl.Out();
  std::fprintf(stderr, "etcdctl: %s\n", ctl.Err().c_str());
  return "";
}

double EtcdProcess::Metric(int member, const std::string& name) const {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(members_[static_cast<std::size_t>(member)].client_port);
  std::string text = "\n";
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string request = "GET /metrics HTTP/1.0\r\n\r\n";
    if (write(fd, request.data(), request.size()) == static_cast<ssize_t>(request.size())) {
      char buffer[4096];
      for (ssize_t size = 0; (size = read(fd, buffer, sizeof(buffer))) > 0;) {
        text.append(buffer, static_cast<std::size_t>(size));
      }
    }
  }
  close(fd);
  const auto at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::strtod(text.c_str() + at + name.size() + 2, nullptr);
}

}  // namespace liveness::testing
