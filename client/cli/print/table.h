// kubectl's tables: left-aligned columns, three spaces between them, nothing
// after the last one. Rows are written a batch at a time, so that a million of
// them stream; a later batch never makes a column narrower. Not thread-safe.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace liveness::cli {

enum class Style { kPlain, kGood, kWarning, kBad, kFaint };

// `text` wrapped in the terminal's codes for `style`; `text` as it is without `color`.
std::string Styled(std::string_view text, Style style, bool color);

struct Cell {
  Cell(std::string cell_text, Style cell_style = Style::kPlain)  // NOLINT: text is a cell
      : text(std::move(cell_text)), style(cell_style) {}
  Cell(const char* cell_text) : text(cell_text) {}  // NOLINT: text is a cell

  std::string text;  // made printable by the table; empty is shown as <none>
  Style style = Style::kPlain;
};

// A client's name or id, as ListedName() shows it.
Cell NameCell(std::string_view name);

struct TableOptions {
  bool headers = true;
  bool color = false;
};

class Table {
 public:
  // `out` is kept and must outlive the table.
  Table(std::ostream& out, std::vector<std::string> headers, TableOptions options);

  // REQUIRES: as many cells as there are headers.
  void AddRow(std::vector<Cell> cells);
  // Writes the rows added since the last call, after the headers at the first.
  void Flush();

 private:
  void Write(const std::vector<Cell>& cells);

  std::ostream& out_;
  std::vector<std::string> headers_;
  TableOptions options_;
  bool headers_written_ = false;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace liveness::cli
