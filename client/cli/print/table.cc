#include "client/cli/print/table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/print/display_text.h"

namespace liveness::cli {
namespace {

constexpr std::size_t kGap = 3;

}  // namespace

std::string Styled(std::string_view text, Style style, bool color) {
  if (!color || style == Style::kPlain) return std::string(text);
  std::string_view code;
  switch (style) {
    case Style::kGood: code = "32"; break;
    case Style::kWarning: code = "33"; break;
    case Style::kBad: code = "31"; break;
    case Style::kFaint: code = "2"; break;
    case Style::kPlain: break;
  }
  return absl::StrCat("\x1b[", std::string(code), "m", std::string(text), "\x1b[0m");
}

Cell NameCell(std::string_view name) { return {ListedName(name)}; }

Table::Table(std::ostream& out, std::vector<std::string> headers, TableOptions options)
    : out_(out), headers_(std::move(headers)), options_(options), widths_(headers_.size(), 0) {
  if (!options_.headers) return;
  for (std::size_t i = 0; i < headers_.size(); ++i) widths_[i] = DisplayWidth(headers_[i]);
}

void Table::AddRow(std::vector<Cell> cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells[i].text = cells[i].text.empty() ? "<none>" : Printable(cells[i].text);
    widths_[i] = std::max(widths_[i], DisplayWidth(cells[i].text));
  }
  rows_.push_back(std::move(cells));
}

void Table::Flush() {
  if (options_.headers && !headers_written_) {
    Write(std::vector<Cell>(headers_.begin(), headers_.end()));
    headers_written_ = true;
  }
  for (const std::vector<Cell>& row : rows_) Write(row);
  rows_.clear();
  out_.flush();
}

void Table::Write(const std::vector<Cell>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out_ << Styled(cells[i].text, cells[i].style, options_.color);
    if (i + 1 < cells.size()) out_ << std::string(widths_[i] - DisplayWidth(cells[i].text) + kGap, ' ');
  }
  out_ << '\n';
}

}  // namespace liveness::cli
