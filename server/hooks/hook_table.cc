#include "server/hooks/hook_table.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "common/duration_text.h"
#include "common/strings.h"
#include "common/toml/table_reader.h"
#include "common/toml/toml_file.h"
#include "server/core/filter/filter.h"
#include "server/core/record/client_fields.h"
#include "server/hooks/address_guard.h"

namespace liveness::hooks {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::string_view kTransitions = "transitions";
constexpr std::string_view kGroups = "groups";

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;

std::string PartOf(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return "";
  std::string copy(text);
  curl_free(text);
  return copy;
}

// Reads one table. What is wrong is said by `reader_`.
class HookReader {
 public:
  HookReader(const toml::table& table, std::vector<common::TomlError>& errors)
      : table_(table), reader_(table, errors) {}

  HookConfig Read() {
    ReadName();
    ReadReceiver();
    ReadSelection();
    ReadPatience();
    ReadTrust();
    reader_.RefuseOthers();
    return std::move(hook_);
  }

 private:
  bool Has(std::string_view key) const { return table_.contains(key); }

  void ReadName() {
    const auto name = reader_.Text("name");
    if (!Has("name")) return reader_.Refuse("name", "is missing");
    if (!name) return;
    hook_.name = *name;
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    if (name->empty() || name->size() > HookConfig::kMaxNameBytes ||
        !std::all_of(name->begin(), name->end(), fits)) {
      reader_.Refuse("name",
                     common::StrCat("must be 1 to ", HookConfig::kMaxNameBytes, " of a-z, 0-9 and -"));
    }
  }

  void ReadReceiver() {
    const auto url = reader_.Text("url");
    const auto command = reader_.Texts("command");
    hook_.allow_private = reader_.Boolean("allow-private").value_or(false);
    if (Has("url") == Has("command")) {
      return reader_.Refuse(Has("url") ? "command" : "url",
                            Has("url") ? "is given beside a 'url'; a hook has one of both"
                                       : "is missing; a hook has a 'url' or a 'command'");
    }
    if (url) {
      hook_.url = *url;
      CheckUrl("url", *url, !hook_.allow_private);
    }
    if (command) {
      hook_.command = *command;
      const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
      if (command->empty() || command->front().empty()) reader_.Refuse("command", "names no program");
      if (std::any_of(command->begin(), command->end(), has_nul))
        reader_.Refuse("command", "holds a zero byte");
    }
  }

  void CheckUrl(std::string_view key, const std::string& text, bool must_be_public) {
    const Url url(curl_url());
    const CURLUcode parsed =
        text.find('\0') == std::string::npos
            ? curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME)
            : CURLUE_MALFORMED_INPUT;
    if (parsed != CURLUE_OK) {
      return reader_.Refuse(key, common::StrCat("is no URL: ", curl_url_strerror(parsed)));
    }
    const std::string scheme = PartOf(url.get(), CURLUPART_SCHEME);
    // curl takes one slash, or three, for two. ShownUrl, which hides the secrets, does not.
    const std::string_view behind = std::string_view(text).substr(std::min(scheme.size(), text.size()));
    if ((scheme != "http" && scheme != "https") || !behind.starts_with("://") || behind.starts_with(":///"))
      return reader_.Refuse(key, "must begin with http:// or https://");
    const std::string host = PartOf(url.get(), CURLUPART_HOST);
    const auto why = host == "localhost" ? "a loopback address" : WhyNotPublic(host);
    if (must_be_public && why) {
      reader_.Refuse(key, common::StrCat("leads to ", common::Escape(host), ", ", *why,
                                         "; allow-private = true lets the hook go there"));
    }
  }

  void ReadSelection() {
    hook_.filter = reader_.Text("filter").value_or("");
    const auto filter = core::Filter::Parse(hook_.filter, core::WatchSchema());
    if (!filter.ok())
      reader_.Refuse("filter", common::StrCat("is no filter: ", common::ToStd(filter.status().message())));
    hook_.include_maintenance = reader_.Boolean("include-maintenance").value_or(false);
    const auto events = reader_.Texts("events");
    if (!events) return;
    hook_.transitions = hook_.groups = false;
    for (const std::string& event : *events) {
      if (event != kTransitions && event != kGroups) {
        reader_.Refuse("events", common::StrCat("takes \"transitions\" and \"groups\", not \"",
                                                common::Escape(event), "\""));
      }
      hook_.transitions = hook_.transitions || event == kTransitions;
      hook_.groups = hook_.groups || event == kGroups;
    }
    if (events->empty()) reader_.Refuse("events", "names none; leave it out for all");
  }

  void ReadPatience() {
    hook_.timeout = Between("timeout", milliseconds(100), minutes(5), hook_.timeout);
    hook_.retry_for = Between("retry-for", {}, hours(720), hook_.retry_for);
  }

  common::Duration Between(std::string_view key, common::Duration least, common::Duration most,
                           common::Duration unset) {
    const auto value = reader_.DurationOf(key);
    if (value && (*value < least || *value > most)) {
      reader_.Refuse(key, common::StrCat("must be between ", common::FormatDuration(least), " and ",
                                         common::FormatDuration(most)));
    }
    return value.value_or(unset);
  }

  void ReadTrust() {
    hook_.secret_file = reader_.Text("secret-file").value_or("");
    hook_.ca_file = reader_.Text("ca-file").value_or("");
    hook_.proxy = reader_.Text("proxy").value_or("");
    if (Has("command")) {
      for (const std::string_view key : {"secret-file", "ca-file", "proxy", "allow-private"}) {
        if (Has(key)) reader_.Refuse(key, "is for a hook with a 'url'");
      }
      return;
    }
    if (Has("secret-file")) {
      auto secrets = Secret::Read(hook_.secret_file);
      if (secrets.ok()) hook_.secrets = *std::move(secrets);
      if (!secrets.ok())
        reader_.Refuse("secret-file",
                       common::StrCat("is of no use: ", common::ToStd(secrets.status().message())));
    }
    if (Has("ca-file")) CheckReadable("ca-file", hook_.ca_file);
    if (Has("proxy")) CheckUrl("proxy", hook_.proxy, false);
  }

  void CheckReadable(std::string_view key, const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return reader_.Refuse(key, common::StrCat("cannot be read: ", std::strerror(errno)));
    close(file);
  }

  const toml::table& table_;
  common::TableReader reader_;
  HookConfig hook_;
};

void AddError(const toml::node& node, std::string text, std::vector<common::TomlError>& errors) {
  errors.push_back({node.source().begin.line, node.source().begin.column, std::move(text)});
}

void AddLine(std::string_view key, std::string_view value, std::string& toml) {
  toml += common::StrCat(key, " = ", value, "\n");
}

std::string TomlTexts(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const std::string& text : texts)
    list += common::StrCat(list == "[" ? "" : ", ", common::TomlText(text));
  return list + "]";
}

}  // namespace

std::vector<HookConfigPtr> ReadHooks(const toml::node& hooks, std::vector<common::TomlError>& errors) {
  std::vector<HookConfigPtr> read;
  const toml::array* const tables = hooks.as_array();
  if (tables == nullptr) {
    AddError(hooks, "hooks are written as tables, each below a line [[hook]]", errors);
    return read;
  }
  if (tables->size() > HookConfig::kMaxHooks) {
    AddError(hooks,
             common::StrCat("has ", tables->size(), " hooks; ", HookConfig::kMaxHooks, " are the most"),
             errors);
    return read;
  }
  for (const toml::node& node : *tables) {
    const toml::table* const table = node.as_table();
    if (table == nullptr) {
      AddError(node, "hooks are written as tables, each below a line [[hook]]", errors);
      continue;
    }
    const std::size_t errors_before = errors.size();
    auto hook = std::make_shared<const HookConfig>(HookReader(*table, errors).Read());
    const auto same = [&](const HookConfigPtr& other) { return other->name == hook->name; };
    if (errors.size() != errors_before) continue;
    if (std::any_of(read.begin(), read.end(), same)) {
      AddError(*table->get("name"), common::StrCat("key 'name' is that of another hook, ", hook->name),
               errors);
      continue;
    }
    read.push_back(std::move(hook));
  }
  return read;
}

std::string HookAsToml(const HookConfig& hook) {
  const HookConfig unset;
  std::string toml = "[[hook]]\n";
  AddLine("name", common::TomlText(hook.name), toml);
  if (!hook.url.empty()) AddLine("url", common::TomlText(ShownUrl(hook.url)), toml);
  if (!hook.command.empty()) AddLine("command", TomlTexts(hook.command), toml);
  if (!hook.filter.empty()) AddLine("filter", common::TomlText(hook.filter), toml);
  std::vector<std::string> events;
  if (hook.transitions) events.emplace_back(kTransitions);
  if (hook.groups) events.emplace_back(kGroups);
  if (events.size() < 2) AddLine("events", TomlTexts(events), toml);
  if (hook.include_maintenance) AddLine("include-maintenance", "true", toml);
  if (hook.timeout != unset.timeout)
    AddLine("timeout", common::TomlText(common::FormatDuration(hook.timeout)), toml);
  if (hook.retry_for != unset.retry_for) {
    AddLine("retry-for", common::TomlText(common::FormatDuration(hook.retry_for)), toml);
  }
  if (!hook.secret_file.empty()) AddLine("secret-file", common::TomlText(hook.secret_file), toml);
  if (hook.allow_private) AddLine("allow-private", "true", toml);
  if (!hook.ca_file.empty()) AddLine("ca-file", common::TomlText(hook.ca_file), toml);
  if (!hook.proxy.empty()) AddLine("proxy", common::TomlText(ShownUrl(hook.proxy)), toml);
  return toml;
}

}  // namespace liveness::hooks
