// What the query verbs print, and the codes that they end with.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/integration/cli/cli_process.h"

namespace liveness::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using QueryTest = CliTest;

TEST_F(QueryTest, AnEmptyRegistryIsNoError) {
  const CliResult list = Run({"list"});
  EXPECT_EQ(list.code, 0);
  EXPECT_EQ(list.out, "");
  EXPECT_THAT(list.err, HasSubstr("No clients are known."));
  EXPECT_EQ(Run({"list", "-o", "json"}).out, "{\"clients\": []}\n");
}

TEST_F(QueryTest, ListsInEveryFormat) {
  const auto web = Beat("web-1", {"--label=zone=eu"});
  const auto wide = Beat("größe/日本", {"--label=zone=us"});
  const CliResult table = Run({"list"});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, StartsWith("NAME         STATE   FOR   "));
  EXPECT_THAT(table.out, ContainsRegex("\ngröße/日本   ALIVE   [0-9]+s +OK +<none>   "));
  EXPECT_THAT(table.out, ContainsRegex("\nweb-1        ALIVE   [0-9]+s +OK +<none>   "));
  EXPECT_THAT(Run({"list", "--no-headers"}).out, Not(HasSubstr("NAME")));
  EXPECT_THAT(Run({"list", "-o", "wide"}).out, HasSubstr("200ms/10s"));
  EXPECT_EQ(Run({"list", "-o", "name"}).out, "clients/größe/日本\nclients/web-1\n");
  EXPECT_EQ(Run({"list", "-o", "name", "--order-by=client_id desc", "--limit=1"}).out, "clients/web-1\n");
  // The wide one joined last.
  EXPECT_EQ(Run({"list", "-o", "name", "--order-by=state_time desc"}).out,
            "clients/größe/日本\nclients/web-1\n");
  EXPECT_EQ(Run({"list", "-o", "name", "--order-by=state_time", "--limit=1"}).out, "clients/web-1\n");
  const CliResult refused = Run({"list", "--order-by=host"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("client_id, state_time, rtt or last_heartbeat_time"));
  EXPECT_THAT(Run({"list", "-o", "json"}).out, HasSubstr("\"state\": \"STATE_ALIVE\""));
  EXPECT_THAT(Run({"list", "-o", "yaml"}).out, StartsWith("clients:\n- name: \"clients/größe/日本\"\n"));
  EXPECT_EQ(Run({"list", "-o", "name", "--filter=labels.zone = eu"}).out, "clients/web-1\n");
}

TEST_F(QueryTest, ABadFilterIsAUsageErrorThatSaysWhere) {
  const CliResult list = Run({"list", "--filter=state = ("});
  EXPECT_EQ(list.code, 2);
  EXPECT_THAT(list.err, HasSubstr("filter"));
  EXPECT_THAT(list.err, ContainsRegex("column"));
}

TEST_F(QueryTest, GetDescribes) {
  const auto beat = Beat("web-1", {"--label=zone=eu", "--host=h1", "--version-label=1.2"});
  for (const char* name : {"web-1", "clients/web-1"}) {
    const CliResult get = Run({"get", name});
    EXPECT_EQ(get.code, 0) << get.err;
    EXPECT_THAT(get.out, StartsWith("Name:               web-1\nState:              ALIVE"));
    EXPECT_THAT(get.out, ContainsRegex("Deadline: .*\\(in "));
    EXPECT_THAT(get.out,
                ContainsRegex("Kernel TCP: +idle [0-9]+s, interval [0-9]+s, count [0-9]+, user timeout"));
    EXPECT_THAT(get.out, ContainsRegex("HTTP/2: +time "));
    EXPECT_THAT(get.out, HasSubstr("zone=eu"));
  }
  EXPECT_THAT(Run({"get", "web-1", "-o", "yaml"}).out, HasSubstr("state: STATE_ALIVE\n"));
}

TEST_F(QueryTest, AnUnknownClientIsCode3AndTheOthersAreShown) {
  const auto beat = Beat("web-1");
  const CliResult get = Run({"get", "nobody", "web-1", "-o", "name"});
  EXPECT_EQ(get.code, 3);
  EXPECT_EQ(get.out, "clients/web-1\n");
  EXPECT_THAT(get.err, HasSubstr("no client nobody"));
  EXPECT_EQ(Run({"evict", "nobody"}).code, 3);
}

TEST_F(QueryTest, StatsCountByLabel) {
  const auto a = Beat("a", {"--label=zone=eu"});
  const auto b = Beat("b", {"--label=zone=eu"});
  const auto c = Beat("c");
  const CliResult stats = Run({"stats", "--by-label=zone"});
  EXPECT_EQ(stats.code, 0) << stats.err;
  EXPECT_THAT(stats.out,
              StartsWith("ZONE     ALIVE   SUSPECT   DEAD   LEFT   STALLED   MAINTENANCE   TOTAL\n"));
  EXPECT_THAT(stats.out, HasSubstr("\neu       2       0         0      0      0         0             2\n"));
  EXPECT_THAT(stats.out, HasSubstr("\n<none>   1 "));
  EXPECT_THAT(stats.out, HasSubstr("\n(all)    3 "));
}

TEST_F(QueryTest, TransitionsTellTheStoryInOrder) {
  auto beat = Beat("web-1");
  beat->Signal(SIGTERM);
  ASSERT_EQ(beat->Wait(), 0);
  const CliResult all = Run({"transitions", "web-1", "--no-headers"});
  EXPECT_EQ(all.code, 0) << all.err;
  EXPECT_THAT(all.out, ContainsRegex("NEW -> ALIVE.*\n.*ALIVE -> LEFT +SAID_GOODBYE"));
  const CliResult last = Run({"transitions", "--limit=1", "--since=10m", "--no-headers"});
  EXPECT_THAT(last.out, HasSubstr("ALIVE -> LEFT"));
  EXPECT_THAT(last.out, Not(HasSubstr("NEW")));
  EXPECT_EQ(Run({"transitions", "nobody"}).out, "");
}

TEST_F(QueryTest, ServerTellsAboutItself) {
  const CliResult info = Run({"server", "info"});
  EXPECT_EQ(info.code, 0) << info.err;
  EXPECT_THAT(info.out, HasSubstr("Listens on:         " + server_->address()));
  EXPECT_THAT(info.out, HasSubstr("Store:              memory"));
}

TEST_F(QueryTest, TheNextServerIsTriedWhenOneIsAway) {
  CliProcess list({"--server=127.0.0.1:1," + server_->address(), "list"});
  EXPECT_EQ(list.Wait(), 0) << list.Err();
}

TEST_F(QueryTest, NoServerIsCode4AndSaysWhatToDo) {
  server_->Stop();
  const CliResult list = Run({"list"});
  EXPECT_EQ(list.code, 4);
  EXPECT_EQ(list.err, "livenessctl: cannot reach " + server_->address() +
                          ": connection refused; is livenessd running? (--server or LIVENESS_SERVER)\n");
}

TEST_F(QueryTest, AStoppedServerIsCode6WithinTheTimeout) {
  ASSERT_EQ(Run({"list"}).code, 0);
  server_->Pause();
  // The kernel accepts for it; whether it is the connection or the answer that
  // is missing depends on how far the handshake came.
  const CliResult list = Run({"list", "--timeout=500ms"});
  EXPECT_TRUE(list.code == 4 || list.code == 6) << list.code << list.err;
  server_->Continue();
}

TEST_F(QueryTest, NoProxyIsUsedUnlessToldTo) {
  // Nobody listens there.
  for (const char* name : {"http_proxy", "https_proxy", "grpc_proxy"}) setenv(name, "http://127.0.0.1:1", 1);
  const auto beat = Beat("web-1");
  EXPECT_EQ(Run({"list", "-o", "name"}).out, "clients/web-1\n");
  EXPECT_EQ(Run({"--http-proxy", "list"}).code, 4);
  const CliResult told = Run({"beat", "--id=web-2", "--http-proxy", "--", "sleep", "1"});
  EXPECT_EQ(told.code, 0);
  EXPECT_THAT(told.err, HasSubstr("no server has ever heard of web-2"));
  for (const char* name : {"http_proxy", "https_proxy", "grpc_proxy"}) unsetenv(name);
}

TEST_F(QueryTest, ANameInBracketsIsOneName) {
  const auto a = Beat("a");
  const auto b = Beat("b");
  const auto both = Beat("[a,b]");
  EXPECT_EQ(Run({"evict", "[a,b]"}).out, "clients/[a,b] evicted\n");
  EXPECT_TRUE(Becomes("a", "STATE_ALIVE"));
  EXPECT_EQ(Run({"get", "[b]"}).code, 3);
}

TEST_F(QueryTest, AnEmptyValueIsAnErrorAndNotTheNextFlag) {
  for (const std::vector<std::string>& args : {std::vector<std::string>{"beat", "--id=", "--interval=1s"},
                                               {"list", "--limit=", "-o", "name"},
                                               {"stats", "--by-label=", "--filter=x"},
                                               {"--tls-ca=", "list"},
                                               {"get", ""}}) {
    const CliResult result = Run(args);
    EXPECT_EQ(result.code, 2) << result.out;
    EXPECT_THAT(result.err, HasSubstr("the value is empty"));
  }
  EXPECT_EQ(Run({"list", "--filter=", "-o", "name"}).code, 0);
}

TEST_F(QueryTest, NamesAreWrittenAlikeByEveryVerb) {
  const std::string id = "a \u200b'\"\\b";
  const auto beat = Beat(id);
  const std::string line = "clients/a \\u{200b}'\"\\\\b\n";
  const std::string exact = "clients/" + id + std::string(1, '\0');
  EXPECT_EQ(Run({"list", "-o", "name"}).out, line);
  EXPECT_EQ(Run({"list", "-0"}).out, exact);
  EXPECT_EQ(Run({"get", id, "-o", "name"}).out, line);
  EXPECT_EQ(Run({"get", id, "-0"}).out, exact);
  EXPECT_EQ(Run({"transitions", id, "-o", "name", "--limit=1"}).out, line);
  EXPECT_EQ(Run({"transitions", id, "-0", "--limit=1"}).out, exact);
  const auto watch = Start({"watch", "-o", "name"});
  EXPECT_TRUE(watch->Says(line));
  EXPECT_THAT(Run({"list"}).out, HasSubstr("\na \\u{200b}'\"\\\\b"));
  EXPECT_THAT(Run({"list", "-o", "yaml"}).out, HasSubstr("a \\u200b'\\\"\\\\b"));
  EXPECT_EQ(Run({"evict", id, "-0"}).out, exact);
}

TEST_F(QueryTest, AnIdIsTakenWithAndWithoutItsCollection) {
  const auto short_one = Beat("clients/w");
  EXPECT_TRUE(Becomes("w", "STATE_ALIVE"));
  EXPECT_EQ(Run({"list", "-o", "name"}).out, "clients/w\n");
  const auto odd = Start({"beat", "--id=clients/clients/x", "--interval=200ms", "--timeout=10s"});
  ASSERT_TRUE(Becomes("clients/clients/x", "STATE_ALIVE")) << odd->Err();
  EXPECT_THAT(Run({"get", "clients/x"}).err, HasSubstr("clients/clients/..."));
  const auto slashed = Beat("eu/rack-1/w");
  EXPECT_EQ(Run({"get", "clients/eu/rack-1/w", "-o", "name"}).out, "clients/eu/rack-1/w\n");
}

TEST_F(QueryTest, ALookAlikeIsToldFromWhatItLooksLike) {
  const auto latin = Beat("web-1");
  const CliResult get = Run({"get", "w\u0435b-1"});
  EXPECT_EQ(get.code, 3);
  EXPECT_THAT(get.err, HasSubstr("(in ASCII: w\\u{0435}b-1)"));
  const auto cyrillic = Beat("w\u0435b-1");
  EXPECT_THAT(Run({"get", "w\u0435b-1"}).out, HasSubstr("(in ASCII: w\\u{0435}b-1)\n"));
}

TEST_F(QueryTest, AnOperatorInSmallLettersIsAnsweredWithTheRightOne) {
  const CliResult list = Run({"list", "--filter=state = DEAD and client_id = a"});
  EXPECT_EQ(list.code, 2);
  EXPECT_THAT(list.err, HasSubstr("write AND for"));
}

}  // namespace
}  // namespace liveness::testing
