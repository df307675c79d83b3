#include "server/app/config/setting.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/duration_text.h"
#include "common/strings.h"

namespace liveness::app {

std::string ValueInWords(const Setting& setting) {
  return setting.values.empty() ? "not set" : common::Escape(absl::StrJoin(setting.values, ","));
}

bool SameValue(const Setting& a, const Setting& b) {
  if (a.values == b.values) return true;
  if (a.kind != Setting::Kind::kDuration || a.values.size() != 1 || b.values.size() != 1) return false;
  const auto one = common::ParseDuration(a.values.front()), other = common::ParseDuration(b.values.front());
  return one.ok() && other.ok() && *one == *other;
}

std::string EnvironmentName(std::string_view name) {
  return absl::StrCat("LIVENESSD_",
                      absl::AsciiStrToUpper(absl::StrReplaceAll(common::ToAbsl(name), {{"-", "_"}})));
}

}  // namespace liveness::app
