#include "client/cli/print/size_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace liveness::cli {

std::string SizeText(std::int64_t bytes) {
  double value = static_cast<double>(bytes);
  const char* unit = "B";
  for (const char* larger : {"KiB", "MiB", "GiB", "TiB"}) {
    if (value < 999.5) break;
    value /= 1024;
    unit = larger;
  }
  std::string text = absl::StrFormat("%.*f", value < 9.95 ? 1 : 0, value);
  if (text.size() > 2 && text.substr(text.size() - 2) == ".0") text.resize(text.size() - 2);
  return absl::StrCat(text, " ", unit);
}

}  // namespace liveness::cli
