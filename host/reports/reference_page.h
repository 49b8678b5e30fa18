// A page of tables and texts, for a terminal or as Markdown.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chokepoint {

enum class PageFormat { kText, kMarkdown };

struct ReferenceColumn {
  std::string header;
  bool code = false;  // cells are what somebody types
};

struct ReferenceTable {
  std::vector<ReferenceColumn> columns;
  std::vector<std::vector<std::string>> rows;
};

// Blocks one below the other, with an empty line between them.
class ReferencePage {
 public:
  // The title is for pages that stand alone: a terminal has the command just above.
  ReferencePage(PageFormat format, std::string_view title);

  void heading(std::string_view what, bool code = false);
  void paragraph(std::string_view text);  // its lines stay lines in a terminal; `code` as in Markdown
  void code(std::string_view text, std::string_view language);
  void table(const ReferenceTable& table);  // one line a row however long, so that `grep` finds whole rows

  const std::string& text() const { return text_; }

 private:
  void add(std::string_view block);

  PageFormat format_;
  std::string text_;
};

}  // namespace chokepoint
