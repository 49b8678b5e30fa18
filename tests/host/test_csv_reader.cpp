// Comma-separated values: what RFC 4180 allows, and what is said about anything else.
// SPDX-License-Identifier: Apache-2.0
#include "../../host/config/csv_reader.h"
#include "config_fixture.h"
#include "refusal.h"

namespace chokepoint {
namespace {

using Cells = std::vector<std::string>;

std::vector<CsvRow> parse(std::string_view text) { return parse_csv("t.csv", text, {"a", "b"}); }
std::string complaint_about(std::string_view text) {
  return message_of([&] { parse(text); });
}

TEST(CsvReader, ReadsRowsWithTheirLines) {
  const auto rows = parse("a,b\n1,2\n\n3,\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].cells, (Cells{"1", "2"}));
  EXPECT_EQ(rows[0].line, 2);
  EXPECT_EQ(rows[1].cells, (Cells{"3", ""}));
  EXPECT_EQ(rows[1].line, 4);
  EXPECT_TRUE(parse("a,b").empty());
}

TEST(CsvReader, TakesQuotesLineEndsAndMarksAsTheStandardHasThem) {
  const auto rows = parse("\xef\xbb\xbf\"a\",b\r\n\"x, \"\"y\"\"\nz\",\"\"\r\nlast,no line end");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].cells, (Cells{"x, \"y\"\nz", ""}));
  EXPECT_EQ(rows[1].cells, (Cells{"last", "no line end"}));
  EXPECT_EQ(rows[1].line, 4);
}

TEST(CsvReader, GivesCellsInTheOrderThatIsAskedFor) { EXPECT_EQ(parse("b,a\n1,2\n")[0].cells, (Cells{"2", "1"})); }

TEST(CsvReader, RefusesWhatIsMalformed) {
  EXPECT_EQ(complaint_about(""), "t.csv:1: the file is empty; its first line must name the columns");
  EXPECT_EQ(complaint_about("a,c,c\n"),
            "t.csv:1: unknown column 'c' (nothing reads it). Legal here: a, b.\n"
            "t.csv:1: unknown column 'c' (nothing reads it). Legal here: a, b.\n"
            "t.csv:1: column 'c' is given twice\n"
            "t.csv:1: column 'b' is missing");
  EXPECT_EQ(complaint_about("a,b\n1\n\n1,2,3\n"),
            "t.csv:2: 1 cells; the header names 2 columns\nt.csv:4: 3 cells; the header names 2 columns");
  EXPECT_EQ(complaint_about("a,b\n1,x\"y\n"), "t.csv:2: a quote within a cell; quote the whole cell and double the quotes in it");
  EXPECT_EQ(complaint_about("a,b\n1,\"x\"y\n"), "t.csv:2: text after the closing quote of a cell");
  EXPECT_EQ(complaint_about("a,b\n1,\"x\n\n"), "t.csv:2: a quote is opened and not closed");
}

TEST(CsvReader, TakesOnlyWholeCellsAsNumbers) {
  EXPECT_EQ(csv_number("-2.5e3"), -2500);
  for (const char* cell : {"", " 1", "1 ", "1,5", "12k", "inf", "nan", "0x10"}) EXPECT_FALSE(csv_number(cell)) << cell;
}

TEST_F(ConfigTest, CsvFilesThatCannotBeReadAreTheEnvironments) {
  EXPECT_THROW(read_csv(path("none.csv"), {"a"}), EnvironmentError);
  write("t.csv", "a\n1\n");
  EXPECT_EQ(read_csv(path("t.csv"), {"a"}).size(), 1u);
}

}  // namespace
}  // namespace chokepoint
