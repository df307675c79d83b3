// A livenessd that asks who one is, a bystander that beats on it all through the test, and the ways to call
// it that an attacker has. Header only.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <openssl/sha.h>

#include "liveness/v1/admin_service.grpc.pb.h"
#include "liveness/v1/registry_service.grpc.pb.h"
#include "tests/support/authority.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {

inline const Authority& TheAuthority() {
  static const Authority authority("attacked authority");
  return authority;
}

// Beats as one client every 200 ms, until it is gone.
class Bystander {
 public:
  Bystander(std::shared_ptr<grpc::Channel> channel, const std::string& id, const std::string& token = {})
      : stream_(std::move(channel), HeartbeatStream::Millis(0), token) {
    welcomed_ = stream_.Join(HeartbeatStream::Hello(id, id + "-1")).has_value();
    beats_ = std::jthread([this](const std::stop_token& stop) {
      for (std::uint64_t n = 1; !stop.stop_requested() && stream_.Ping(n); ++n) {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
      }
    });
  }
  ~Bystander() {
    beats_.request_stop();
    beats_.join();
  }
  bool welcomed() const { return welcomed_; }
  // Nothing while it is served.
  std::optional<grpc::Status> End(HeartbeatStream::Millis patience) { return stream_.End(patience); }

 private:
  HeartbeatStream stream_;
  bool welcomed_ = false;
  std::jthread beats_;
};

class AttackTest : public ::testing::Test {
 protected:
  using Millis = std::chrono::milliseconds;

  // --- Servers ---

  // With TLS, and client certificates of TheAuthority(); `flags` further ones.
  void StartTls(std::vector<std::string> flags = {}, bool require = true) {
    const PemPair own = TheAuthority().Issue("localhost");
    for (const auto& [flag, name, text] :
         {std::tuple("--tls-cert=", "server.crt", own.cert), std::tuple("--tls-key=", "server.key", own.key),
          std::tuple("--tls-ca=", "ca.crt", TheAuthority().cert())}) {
      flags.push_back(flag + Write(name, text));
    }
    if (require) flags.push_back("--tls-require-client-cert");
    Start(std::move(flags));
  }
  void Start(std::vector<std::string> flags) {
    flags.push_back("--resume-grace=300ms");
    server_ = ServerProcess::Start(std::move(flags));
    ASSERT_NE(server_, nullptr);
  }
  // The file's path. As an operator's tools write it: whole, in one step.
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(dir_.file(name + ".new")) << text;
    std::filesystem::rename(dir_.file(name + ".new"), dir_.file(name));
    return dir_.file(name);
  }

  // --- Who one is ---

  static PemPair Certificate(const std::string& names, const std::string& common_name = "x") {
    return TheAuthority().IssueAny({.common_name = common_name, .names = names});
  }
  std::shared_ptr<grpc::Channel> Channel(const PemPair& own) const {
    return NewChannel(server_->address(), grpc::SslCredentials({.pem_root_certs = TheAuthority().cert(),
                                                                .pem_private_key = own.key,
                                                                .pem_cert_chain = own.cert}));
  }
  std::shared_ptr<grpc::Channel> Channel() const { return NewChannel(server_->address(), credentials_); }
  static std::string TokenOf(const std::string& name) { return "lvt_" + name + std::string(40, 'x'); }
  static std::string TokenEntry(const std::string& name, const std::string& roles,
                                const std::string& more = "") {
    const std::string token = TokenOf(name);
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash);
    std::string hex;
    for (const unsigned char byte : hash) {
      constexpr char kDigits[] = "0123456789abcdef";
      hex += kDigits[byte >> 4];
      hex += kDigits[byte & 15];
    }
    return "[[token]]\nname = \"" + name + "\"\nsha256 = \"" + hex + "\"\nroles = [" + roles + "]\n" + more;
  }

  // --- What one gets ---

  // The reason with which a hello is refused; "welcome" if it is not.
  static std::string HelloAs(const std::shared_ptr<grpc::Channel>& channel, const std::string& id,
                             const std::string& instance = "attacker", const std::string& token = {}) {
    HeartbeatStream stream(channel, HeartbeatStream::Millis(0), token);
    if (stream.Join(HeartbeatStream::Hello(id, instance))) return "welcome";
    const auto end = stream.End();
    return end ? ReasonOrCode(*end) : "nothing";
  }
  static std::string ReasonOrCode(const grpc::Status& status) {
    const std::string reason = DetailsOf(status).reason;
    return reason.empty() ? std::to_string(status.error_code()) : reason;
  }
  template <typename Request, typename Response, typename Stub>
  static grpc::Status Call(Stub& stub,
                           grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                           const Request& request, Response& response, const std::string& token = {}) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    return (stub.*method)(&context, request, &response);
  }
  // The client as somebody sees it who may; nothing if it is unknown.
  static std::optional<v1::Client> Get(const std::shared_ptr<grpc::Channel>& channel, const std::string& id,
                                       const std::string& token = {}) {
    v1::RegistryService::Stub stub(channel);
    v1::GetClientRequest request;
    request.set_name("clients/" + id);
    v1::Client client;
    const grpc::Status status = Call(stub, &v1::RegistryService::Stub::GetClient, request, client, token);
    return status.ok() ? std::optional(client) : std::nullopt;
  }
  template <typename Condition>
  static bool Within(Millis patience, Condition condition) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(Millis(20));
    }
    return true;
  }

  const TempDir dir_;
  std::unique_ptr<ServerProcess> server_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_ = grpc::InsecureChannelCredentials();
};

}  // namespace liveness::testing
