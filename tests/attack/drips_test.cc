// Connections that never stop talking and never say anything: a byte now and then of what any peer may say. A
// limit that begins anew with each byte would keep them for ever.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/attack/limits_attack.h"
#include "tests/integration/http/http_fixture.h"
#include "tests/support/raw_connection.h"

namespace liveness::testing {
namespace {

const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const std::string kSettings("\0\0\0\4\0\0\0\0\0", 9);

// Each of `count` connections says `greeting`, and then `text` byte by byte, and its last byte for ever.
class Drips {
 public:
  Drips(const std::string& address, const std::string& greeting, std::string text, int count)
      : text_(std::move(text)) {
    for (int i = 0; i < count; ++i) {
      connections_.push_back(std::make_unique<RawConnection>(address));
      EXPECT_TRUE(connections_.back()->Send(greeting));
    }
  }
  // A byte of each; gives up those that the server has closed.
  void Drip() {
    const std::string byte = text_.substr(std::min(said_++, text_.size() - 1), 1);
    std::erase_if(connections_, [&](const auto& each) {
      return !each->Send(byte) || each->WaitForEnd(std::chrono::milliseconds(0)) != Ending::kNone;
    });
  }
  std::size_t open() const { return connections_.size(); }
  // True once the server has closed all of them.
  bool DryUp() {
    return Eventually(
        [this] {
          Drip();
          std::this_thread::sleep_for(milliseconds(500));
          return open() == 0;
        },
        seconds(60));
  }

 private:
  const std::string text_;
  std::size_t said_ = 0;
  std::vector<std::unique_ptr<RawConnection>> connections_;
};

// Two thousand, of which each takes longer for its preface than it has (ten seconds). They take a descriptor
// each until then, and no bystander notices.
TEST_F(LimitsAttack, PrefacesThatComeByteByByte) {
  StartAttacked();
  Drips drips(server_->address(), "", kPreface, 2'000);
  Under(1, [&](int) {
    drips.Drip();
    std::this_thread::sleep_for(seconds(1));
  });
  EXPECT_TRUE(drips.DryUp()) << drips.open() << " are still served";
}

class DripsAttack : public HttpTest {};

// The preface is whole; the first frame of settings comes byte by byte, or the headers of the first call do.
TEST_F(DripsAttack, FramesThatComeByteByByte) {
  StartServer({"--idle-connection-timeout=2s"});
  const std::string size("\0\x3e\x80", 3);  // 16,000 bytes
  Drips settings(address(), kPreface, size + kSettings.substr(3) + '\0', 50);
  EXPECT_TRUE(settings.DryUp()) << settings.open() << " are still served";
  Drips headers(address(), kPreface + kSettings, size + std::string("\1\4\0\0\0\1\0", 7), 50);
  EXPECT_TRUE(headers.DryUp()) << headers.open() << " are still served";
}

// The same on the port of HTTP, with a header and with a body.
TEST_F(DripsAttack, RequestsThatComeByteByByte) {
  StartHttp({"--http-admin"});
  Drips header(http(), "GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ", "v", 50);
  EXPECT_EQ(Fetch("/livez").status, 200);
  EXPECT_TRUE(header.DryUp()) << header.open() << " are still served";
  Drips body(http(),
             "POST /api/v1/maintenance HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
             "Content-Length: 60000\r\n\r\n",
             " ", 50);
  EXPECT_EQ(Fetch("/livez").status, 200);
  EXPECT_TRUE(body.DryUp()) << body.open() << " are still served";
}

}  // namespace
}  // namespace liveness::testing
