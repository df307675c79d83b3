#include "server/hooks/secret.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <openssl/crypto.h>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "common/strings.h"

namespace liveness::hooks {
namespace {

constexpr std::string_view kPrefix = "whsec_";
// Of a whole file: some hundred keys.
constexpr std::size_t kMaxFileBytes = 64 * 1024;

absl::Status BadSecret(std::string_view message) {
  return absl::InvalidArgumentError(common::ToAbsl(message));
}

std::string_view Trimmed(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

void Wipe(std::string& text) { OPENSSL_cleanse(text.data(), text.size()); }

// How much of `buffer` the file filled. No stream: its buffer would be a copy that nobody wipes.
absl::StatusOr<std::size_t> ReadInto(const std::string& path, std::string& buffer) {
  std::size_t length = 0;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  ssize_t count = file < 0 ? -1 : 1;
  while (count > 0) {
    count = read(file, buffer.data() + length, buffer.size() - length);
    if (count > 0) length += static_cast<std::size_t>(count);
  }
  const int error = count < 0 ? errno : 0;
  if (file >= 0) close(file);
  if (error == 0) return length;
  return absl::Status(error == ENOENT ? absl::StatusCode::kNotFound : absl::StatusCode::kPermissionDenied,
                      common::StrCat("cannot read ", path, ": ", std::strerror(error)));
}

}  // namespace

Secret::~Secret() { OPENSSL_cleanse(key_.data(), key_.size()); }

absl::StatusOr<Secret> Secret::Parse(std::string_view text) {
  if (!text.starts_with(kPrefix)) return BadSecret("a key begins with whsec_");
  std::string decoded;
  const bool is_base64 = absl::Base64Unescape(common::ToAbsl(text.substr(kPrefix.size())), &decoded);
  Secret secret;
  secret.key_.assign(decoded.begin(), decoded.end());
  Wipe(decoded);
  if (!is_base64) return BadSecret("what follows whsec_ is no Base64");
  if (secret.key_.size() < kMinBytes || secret.key_.size() > kMaxBytes) {
    return BadSecret(
        common::StrCat("a key has ", kMinBytes, " to ", kMaxBytes, " bytes, this one ", secret.key_.size()));
  }
  return secret;
}

absl::StatusOr<std::vector<Secret>> Secret::Read(const std::string& path) {
  std::string text(kMaxFileBytes + 1, '\0');
  const absl::StatusOr<std::size_t> length = ReadInto(path, text);
  if (!length.ok()) {
    Wipe(text);
    return length.status();
  }
  const std::string_view content(text.data(), *length);
  std::vector<Secret> secrets;
  absl::Status problem = content.size() > kMaxFileBytes
                             ? BadSecret(common::StrCat(path, " has more than ", kMaxFileBytes, " bytes"))
                             : absl::OkStatus();
  std::size_t number = 0;
  for (std::size_t begin = 0; problem.ok() && begin < content.size(); ++number) {
    const std::size_t end = std::min(content.find('\n', begin), content.size());
    const std::string_view line = Trimmed(content.substr(begin, end - begin));
    begin = end + 1;
    if (line.empty() || line.front() == '#') continue;
    absl::StatusOr<Secret> secret = Parse(line);
    if (secret.ok()) {
      secrets.push_back(*std::move(secret));
    } else {
      problem =
          BadSecret(common::StrCat(path, ":", number + 1, ": ", common::ToStd(secret.status().message())));
    }
  }
  Wipe(text);
  if (problem.ok() && secrets.empty()) problem = BadSecret(common::StrCat(path, " holds no key"));
  if (!problem.ok()) return problem;
  return secrets;
}

}  // namespace liveness::hooks
