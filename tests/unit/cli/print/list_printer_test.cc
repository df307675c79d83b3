#include "client/cli/print/list_printer.h"

#include <gtest/gtest.h>

#include <sstream>

#include "liveness/v1/client.pb.h"

namespace liveness::cli {
namespace {

class ListPrinterTest : public ::testing::Test {
 protected:
  // Prints a list of `ids`, flushed after each.
  void Print(OutputFormat format, const std::vector<std::string>& ids) {
    GlobalSettings global;
    global.output = format;
    Terminal terminal{out_, err_, false, common::SystemClock()};
    ListPrinter printer("items", {"ID", "SIZE"}, global, terminal);
    for (const std::string& id : ids) {
      v1::Progress item;
      item.set_name(id);
      printer.Add(item, "clients/" + id, [&] {
        ++rows_;
        return std::vector<Cell>{{id}, {"7"}};
      });
      printer.Flush();
    }
    printer.Finish("There is none.");
  }

  std::ostringstream out_;
  std::ostringstream err_;
  int rows_ = 0;
};

TEST_F(ListPrinterTest, APersonGetsATable) {
  Print(OutputFormat::kUnset, {"a", "b"});
  EXPECT_EQ(out_.str(), "ID   SIZE\na    7\nb    7\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ListPrinterTest, NamesAndDocumentsMakeNoRows) {
  Print(OutputFormat::kName, {"a", "b"});
  EXPECT_EQ(out_.str(), "clients/a\nclients/b\n");
  out_.str("");
  Print(OutputFormat::kYaml, {"a", "b"});
  EXPECT_EQ(out_.str(), "items:\n- name: \"a\"\n- name: \"b\"\n");
  EXPECT_EQ(rows_, 0);
}

TEST_F(ListPrinterTest, OnlyAnEmptyTableIsExcused) {
  Print(OutputFormat::kWide, {});
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "There is none.\n");
  err_.str("");
  Print(OutputFormat::kName, {});
  Print(OutputFormat::kJson, {});
  EXPECT_EQ(out_.str(), "{\"items\": []}\n");
  EXPECT_EQ(err_.str(), "");
}

}  // namespace
}  // namespace liveness::cli
