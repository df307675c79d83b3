// etcd with users and with TLS.
#include <cstdio>
#include <fstream>

#include "common/strings.h"
#include "server/storage/etcd/members.h"
#include "tests/integration/etcd/etcd_fixture.h"
#include "tests/support/certificate.h"

namespace liveness::testing {
namespace {

class Security : public EtcdTest {
 protected:
  static void Write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

  // A user that may use our keys and no others.
  void EnableUsers() {
    const std::vector<std::vector<std::string>> commands = {
        {"user", "add", "root", "--new-user-password=root"},
        {"role", "add", "liveness"},
        {"role", "grant-permission", "liveness", "readwrite", "--prefix=true", "/liveness/"},
        {"user", "add", "live", "--new-user-password=secret"},
        {"user", "grant-role", "live", "liveness"},
        {"auth", "enable"}};
    for (const auto& command : commands)
      ASSERT_NE(etcd_->Ctl(command), "") << command[0] << " " << command[1];
  }
  storage::etcd::EtcdOptions WithUser(const std::string& server_id) {
    Write(dir_.file("password"), "secret\n");
    auto options = OptionsOf(server_id);
    options.user = "live";
    options.password_file = dir_.file("password");
    return options;
  }

  TempDir dir_;
};

TEST_F(Security, AUserWithAPasswordMayWhatItsRoleMay) {
  StartEtcd();
  if (etcd_ == nullptr) return;
  EnableUsers();
  const auto a = Serve(WithUser("a")), b = Serve(WithUser("b"));
  ASSERT_TRUE(a != nullptr && b != nullptr);
  ASSERT_TRUE(a->proposer.Join("web-1").ok());
  ASSERT_TRUE(EventuallyServers(*b, {"a", "b"}));
  ASSERT_TRUE(Eventually([&] { return b->proposer.Records().contains("web-1"); }));
}

TEST_F(Security, ATokenThatIsNoLongerKnownIsRenewed) {
  StartEtcd();
  if (etcd_ == nullptr) return;
  EnableUsers();
  const auto server = Serve(WithUser("a"));
  ASSERT_TRUE(server != nullptr && server->proposer.Join("web-1").ok());
  // etcd keeps its tokens in memory alone.
  etcd_->Kill(0);
  etcd_->Restart(0);
  ASSERT_TRUE(Eventually([&] { return server->proposer.Join("web-2").ok(); }));
  EXPECT_TRUE(EventuallyHealthy(*server));
  // A change of users makes every token old; the password changes with it, and its file.
  Write(dir_.file("password"), "other\n");
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"user", "delete", "live"},
                                             {"user", "add", "live", "--new-user-password=other"},
                                             {"user", "grant-role", "live", "liveness"}}) {
    std::vector<std::string> as_root = {"--user=root:root"};
    as_root.insert(as_root.end(), command.begin(), command.end());
    ASSERT_NE(etcd_->Ctl(as_root), "");
  }
  ASSERT_TRUE(Eventually([&] { return server->proposer.Join("web-3").ok(); }));
}

TEST_F(Security, AWrongPasswordIsSaidAtOnce) {
  StartEtcd();
  if (etcd_ == nullptr) return;
  EnableUsers();
  auto options = WithUser("a");
  Write(options.password_file, "guess\n");
  const auto begin = std::chrono::steady_clock::now();
  const auto store = storage::etcd::EtcdStore::Open(options, common::SystemClock());
  EXPECT_FALSE(store.ok());
  EXPECT_THAT(std::string(store.status().message()), ::testing::HasSubstr("password"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));

  options.prefix = "/other/";
  Write(options.password_file, "secret\n");
  const auto elsewhere = storage::etcd::EtcdStore::Open(options, common::SystemClock());
  EXPECT_EQ(elsewhere.status().code(), absl::StatusCode::kPermissionDenied) << elsewhere.status();
  options.user = "";
  options.password_file = "";
  EXPECT_FALSE(storage::etcd::EtcdStore::Open(options, common::SystemClock()).ok());
}

TEST_F(Security, TlsWithCertificatesOnBothEnds) {
  const Certificate certificate;
  ASSERT_EQ(certificate.failure(), "");
  EtcdProcess::Options tls;
  tls.ca_file = tls.cert_file = certificate.cert_file();
  tls.key_file = certificate.key_file();
  StartEtcd(tls);
  if (etcd_ == nullptr) return;
  auto options = OptionsOf("a");
  options.open_patience = std::chrono::milliseconds(300);
  EXPECT_FALSE(storage::etcd::EtcdStore::Open(options, common::SystemClock()).ok()) << "plaintext";
  options.ca_file = certificate.cert_file();
  options.tls_name = "liveness.test";
  EXPECT_FALSE(storage::etcd::EtcdStore::Open(options, common::SystemClock()).ok()) << "no certificate";
  options.cert_file = certificate.cert_file();
  options.key_file = certificate.key_file();
  options.open_patience = std::chrono::seconds(10);
  const auto server = Serve(options);
  ASSERT_NE(server, nullptr);
  EXPECT_TRUE(server->proposer.Join("web-1").ok());
}

// etcd's certificate and ours are renewed, by another authority even: the old ones are good for nothing.
TEST_F(Security, RenewedFilesAreTaken) {
  const Certificate first, second;
  ASSERT_EQ(first.failure() + second.failure(), "");
  const std::string cert = dir_.file("cert.pem"), key = dir_.file("key.pem");
  // As a tool that renews does: whole files take the place of others.
  const auto install = [&](const Certificate& from) {
    for (const auto& [source, file] : {std::pair(from.cert_file(), cert), std::pair(from.key_file(), key)}) {
      Write(file + ".new", ReadFile(source));
      ASSERT_EQ(std::rename((file + ".new").c_str(), file.c_str()), 0);
    }
  };
  install(first);
  EtcdProcess::Options tls;
  tls.ca_file = tls.cert_file = cert;
  tls.key_file = key;
  StartEtcd(tls);
  if (etcd_ == nullptr) return;
  auto options = OptionsOf("a");
  options.ca_file = options.cert_file = cert;
  options.key_file = key;
  options.tls_name = "liveness.test";
  const auto server = Serve(options);
  ASSERT_NE(server, nullptr);
  ASSERT_TRUE(server->proposer.Join("web-1").ok());

  // Half of a renewal: what stands goes on.
  Write(key + ".new", "no key at all");
  ASSERT_EQ(std::rename((key + ".new").c_str(), key.c_str()), 0);
  EXPECT_EQ(storage::etcd::CheckTlsFiles(options).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(server->proposer.Join("web-2").ok());

  install(second);
  etcd_->Kill(0);
  etcd_->Restart(0);
  EXPECT_TRUE(Eventually([&] { return server->proposer.Join("web-3").ok(); }));
  EXPECT_TRUE(EventuallyHealthy(*server));
}

TEST_F(Security, OptionsThatCannotBeUsedNameTheirFlag) {
  const auto refused = [](const std::function<void(storage::etcd::EtcdOptions&)>& spoil) {
    storage::etcd::EtcdOptions options;
    options.endpoints = {"127.0.0.1:1"};
    options.server_id = "a";
    spoil(options);
    const auto store = storage::etcd::EtcdStore::Open(options, common::SystemClock());
    EXPECT_EQ(store.status().code(), absl::StatusCode::kInvalidArgument) << store.status();
    return std::string(store.status().message());
  };
  using storage::etcd::EtcdOptions;
  using ::testing::HasSubstr;
  EXPECT_THAT(refused([](EtcdOptions& o) { o.endpoints.clear(); }), HasSubstr("--etcd-endpoints"));
  EXPECT_THAT(refused([](EtcdOptions& o) { o.endpoints = {"http://127.0.0.1:2379"}; }),
              HasSubstr("HOST:PORT"));
  EXPECT_THAT(refused([](EtcdOptions& o) { o.prefix = "/liveness"; }), HasSubstr("--etcd-prefix"));
  EXPECT_THAT(refused([](EtcdOptions& o) { o.user = "live"; }), HasSubstr("--etcd-password-file"));
  EXPECT_THAT(refused([](EtcdOptions& o) { o.cert_file = "x"; }), HasSubstr("--etcd-ca"));
  EXPECT_THAT(refused([](EtcdOptions& o) { o.ca_file = "/nowhere"; }), HasSubstr("--etcd-ca=/nowhere"));
  EXPECT_THAT(refused([&](EtcdOptions& o) {
                o.ca_file = dir_.file("empty");
                Write(o.ca_file, "no certificate");
              }),
              HasSubstr("PEM"));
}

}  // namespace
}  // namespace liveness::testing
