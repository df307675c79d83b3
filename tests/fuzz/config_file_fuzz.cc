// The file of livenessd's --config: it is taken as a whole or refused with its places, and what `config
// print` writes of it means the same and holds no secret.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "server/app/config/config.h"
#include "server/app/config/config_print.h"
#include "server/app/config/setting.h"
#include "server/hooks/hook_table.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plain_text.h"

namespace liveness::fuzz {
namespace {

// Stands in the seeds where hooks have their secrets: user, password, path and query of a url.
constexpr char kSecret[] = "Tr0ub4dor";

// A file that is in memory alone.
class File {
 public:
  explicit File(std::string_view text) : file_(memfd_create("config", MFD_CLOEXEC)) {
    Require(write(file_, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "a file is written");
  }
  ~File() { close(file_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  const int file_;
};

app::ParsedConfig Parse(const File& file, std::initializer_list<const char*> more = {}) {
  const std::string flag = "--config=" + file.path();
  std::vector<const char*> words = {"livenessd", flag.c_str()};
  words.insert(words.end(), more.begin(), more.end());
  return app::ParseConfig(static_cast<int>(words.size()), words.data());
}

// A refusal that speaks of the file names a line that the file has.
void RequirePlaces(std::string_view errors, const std::string& path, std::string_view text) {
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  Require(errors.ends_with('\n'), "a refusal says why");
  RequirePlainLines(errors, "errors are plain text");
  while (!errors.empty()) {
    std::string_view error = TakeLine(errors);
    if (!error.starts_with(path + ":")) continue;
    error.remove_prefix(path.size() + 1);
    if (error.starts_with(' ')) continue;  // of the file as a whole
    const std::size_t line = std::strtoull(std::string(error).c_str(), nullptr, 10);
    Require(line >= 1 && line <= lines, "an error names a line of the file");
  }
}

void RequireMasked(const hooks::HookConfig& hook) {
  for (const std::string& url : {hook.url, hook.proxy}) {
    // What a url's host is, is shown.
    const std::string shown = hooks::ShownUrl(url);
    const std::string authority = url.substr(0, url.find_first_of("/?#", url.find("://") + 3));
    if (authority.find(kSecret, authority.rfind('@') + 1) != std::string::npos) continue;
    Require(shown.find(kSecret) == std::string::npos, "a url is shown without its secrets");
    Require(hooks::ShownUrl(shown) == shown, "what is shown of a url is shown as itself");
  }
}

void RequireSame(const app::Config& config, const app::Config& again) {
  Require(config.settings.size() == again.settings.size(), "there are the same settings");
  for (std::size_t i = 0; i < config.settings.size(); ++i) {
    Require(app::SameValue(config.settings[i], again.settings[i]),
            "a setting that is printed means the same");
  }
  Require(config.hooks.size() == again.hooks.size(), "hooks are printed, all of them");
  for (std::size_t i = 0; i < config.hooks.size(); ++i) {
    Require(hooks::HookAsToml(*config.hooks[i]) == hooks::HookAsToml(*again.hooks[i]),
            "a hook that is printed is printed as itself");
  }
}

}  // namespace

std::vector<std::string> Seeds() {
  return {
      "",
      "listen = \"127.0.0.1:7600,[::1]:0\"\nmin-interval = \"250ms\"\nmax-clients = 0x10\ncanary = \"off\"\n",
      "store = \"etcd\"\netcd-endpoints = [\"a:2379\", \"b:2379\"]\netcd-user = \"liveness\"\n",
      "data-dir = ':memory:'\nmass-share = 0.25\ndoubt-share = 1\nflap-half-life = \"1h30m\"\n"
      "trust-domain = [\"prod.example\", \"eu.example\"]\nchannelz = true\n",
      "insecure-anonymous = \"beat,view\"\nlisten = \"0.0.0.0:7600\"\nhttp-listen = \"none\"\n"
      "metrics-label = [\"team\"]\nlisten-unix-mode = \"0600\"\n",
      "min-intervall = \"250ms\"\nmax-clients = \"many\"\nlisten = 1\nlisten = \"again\"\n",
      R"([[hook]]
name = "pager"
url = "https://Tr0ub4dor:Tr0ub4dor@hooks.example.com:8443/Tr0ub4dor?key=Tr0ub4dor#Tr0ub4dor"
proxy = "http://Tr0ub4dor@proxy.example.com:3128"
filter = "labels.team = shop"
timeout = "5s"
retry-for = "0s"
[[hook]]
name = "exec"
command = ["/usr/local/bin/page", "--team=shop"]
events = ["groups"]
include-maintenance = true
)",
      "[[hook]]\nname = \"in\"\nurl = \"http://[::1]:8080/a\"\nallow-private = true\nevents = "
      "\"transitions\"\n",
      // curl takes one slash for two.
      "[[hook]]\nname = \"in\"\nurl = \"http:/Tr0ub4dor@example.com/x?at=http://a\"\n",
      // What a terminal obeys.
      "server-id = \"a\\nb\"\nstore = \"\\u001b[1m\"\nlisten = \"a\\nb\"\n", "server-id = \"\\u001b[1m\"\n",
      "größe = 1\n\"\\u0000\" = 2\na.b.c = { d = [1, [2]] }\n"};
}

void Try(std::string_view input) {
  const File file(input);
  const app::ParsedConfig parsed = Parse(file);
  if (!parsed.config) {
    Require(parsed.exit_code == 2 && parsed.out.empty(), "what is refused is not taken in part");
    return RequirePlaces(parsed.err, file.path(), input);
  }
  Require(parsed.exit_code == 0 && parsed.err.empty() && parsed.out.empty(), "what is taken is not refused");
  const app::Config& config = *parsed.config;
  Require(IsPlain(config.server_id), "a server's name is plain text");
  for (const hooks::HookConfigPtr& hook : config.hooks) RequireMasked(*hook);

  const std::string text = app::PrintConfig(config.settings, config.hooks);
  const File printed(text);
  const app::ParsedConfig again = Parse(printed);
  Require(again.config.has_value(), again.config ? "" : "what is printed is taken: " + again.err + text);
  RequireSame(config, *again.config);

  const app::ParsedConfig flagged = Parse(file, {"--log-level=error"});
  Require(flagged.config && flagged.config->log_level == "error", "a flag goes before the file");
}

}  // namespace liveness::fuzz
