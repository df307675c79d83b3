// `livenessctl token new NAME`: a bearer token, and what a server's --token-file is to have of it: its hash.
#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "client/cli/flags/flag_values.h"
#include "client/cli/verbs/verbs.h"
#include "common/random.h"

namespace liveness::cli {
namespace {

constexpr std::array<const char*, 7> kRoles = {"beat",  "view",  "evict", "maintenance",
                                               "drain", "audit", "admin"};
constexpr std::size_t kMaxName = 63;

bool IsName(const std::string& text) {
  return !text.empty() && text.size() <= kMaxName &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
         });
}

std::string NewToken() {
  std::array<std::uint8_t, 32> bytes{};
  common::RandomBytes(bytes);
  return absl::StrCat("lvt_",
                      absl::BytesToHexString({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
}

std::string HashOf(const std::string& token) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash.data());
  return absl::BytesToHexString({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

// A table of --token-file. No character in it needs an escape.
std::string EntryOf(const TokenSettings& settings, const std::string& token, common::WallTime now) {
  std::string entry = absl::StrCat("[[token]]\nname = \"", settings.name, "\"\nsha256 = \"", HashOf(token),
                                   "\"\nroles = [\"", absl::StrJoin(settings.roles, "\", \""), "\"]\n");
  if (settings.expires) {
    absl::StrAppend(
        &entry, "expires = ",
        absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromChrono(now) + absl::FromChrono(*settings.expires),
                         absl::UTCTimeZone()),
        "\n");
  }
  return entry;
}

// Whether a table of `text`, each key on a line of its own, has this name.
bool HasName(const std::string& text, const std::string& name) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::string_view rest = absl::StripAsciiWhitespace(line);
    if (!absl::ConsumePrefix(&rest, "name")) continue;
    rest = absl::StripLeadingAsciiWhitespace(rest);
    if (!absl::ConsumePrefix(&rest, "=")) continue;
    rest = absl::StripLeadingAsciiWhitespace(rest);
    if (absl::StartsWith(rest, absl::StrCat("\"", name, "\"")) ||
        absl::StartsWith(rest, absl::StrCat("'", name, "'")))
      return true;
  }
  return false;
}

std::string Read(int fd) {
  std::string text;
  std::array<char, 4096> part{};
  for (ssize_t got = 0; (got = read(fd, part.data(), part.size())) > 0;) {
    text.append(part.data(), static_cast<std::size_t>(got));
  }
  return text;
}

// Empty, or what went wrong; then the file is as it was. One write at the file's end: a server that reads
// meanwhile finds all of the entry or none of it. Under a lock, so that two who add at once see each other's.
std::string AppendTo(int fd, const std::string& name, const std::string& entry) {
  struct stat found {};
  if (flock(fd, LOCK_EX) != 0 || fstat(fd, &found) != 0) return std::strerror(errno);
  if (!S_ISREG(found.st_mode)) return "is not a regular file";
  // A server refuses the whole file for it.
  if (HasName(Read(fd), name)) return absl::StrCat("has a token of the name ", name, " already");
  const std::string text = found.st_size > 0 ? absl::StrCat("\n", entry) : entry;
  errno = ENOSPC;  // what a short write means
  if (write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0) return {};
  const std::string why = std::strerror(errno);
  return ftruncate(fd, found.st_size) == 0 ? why : absl::StrCat(why, ", and its end is half an entry");
}

std::string Append(const std::string& path, const std::string& name, const std::string& entry) {
  // Without O_NONBLOCK a pipe that nobody reads would be waited for.
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600);
  if (fd < 0) return absl::StrCat(path, ": ", std::strerror(errno));
  const std::string wrong = AppendTo(fd, name, entry);
  close(fd);
  return wrong.empty() ? wrong : absl::StrCat(path, ": ", wrong);
}

}  // namespace

Verb AddToken(CLI::App& program, GlobalSettings& /*global*/) {
  const auto settings = std::make_shared<TokenSettings>();
  CLI::App& token = AddVerb(program, "token", "Make a bearer token for a server's --token-file",
                            "  livenessctl token new grafana --role=view --file=/etc/liveness/tokens.toml\n");
  token.require_subcommand(0, 1);
  CLI::App& make =
      AddVerb(token, "new", "Print a new token, once, and add its hash to the file",
              "  livenessctl token new ops-anna --role=view,admin --expires=720h --file=tokens.toml\n");
  make.add_option("NAME", settings->name, "Whose it is: token:NAME in rules and records")->required();
  make.add_option("--role", settings->roles,
                  "What it may do at most: beat, view, evict, maintenance, drain, audit, admin")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("ROLE[,...]")
      ->required();
  AddDuration(
      make, "--expires", [settings](common::Duration d) { settings->expires = d; }, "How long it holds");
  make.add_option("--file", settings->file,
                  "The server's --token-file; not given: what it is to have goes to stderr")
      ->type_name("FILE");
  return {&token, [settings, &make](const GlobalSettings& /*global*/, const Words& /*words*/) -> Taken {
            if (!make.parsed()) return "token new NAME --role=ROLE";
            if (!IsName(settings->name)) return "NAME: 1 to 63 letters, digits, -, _ and .";
            for (const std::string& role : settings->roles) {
              if (std::find(kRoles.begin(), kRoles.end(), role) == kRoles.end()) {
                return absl::StrCat("--role: ", absl::StrJoin(kRoles, ", "), "; not ",
                                    absl::CHexEscape(role));
              }
            }
            if (settings->expires && *settings->expires <= common::Duration::zero()) {
              return "--expires must be longer than zero";
            }
            return *settings;
          }};
}

ExitCode RunVerb(const TokenSettings& settings, Context& context) {
  Terminal& terminal = context.terminal;
  const std::string token = NewToken();
  const std::string entry = EntryOf(settings, token, terminal.clock.Wall());
  if (settings.file.empty()) {
    terminal.err << "# for the server's --token-file:\n" << entry;
  } else if (const std::string wrong = Append(settings.file, settings.name, entry); !wrong.empty()) {
    return Fail(ExitCode::kUsage, wrong, terminal);
  }
  terminal.out << token << std::endl;
  return ExitCode::kOk;
}

}  // namespace liveness::cli
