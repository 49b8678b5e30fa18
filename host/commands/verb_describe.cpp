// `describe`: the program's own reference.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>

#include "../reports/describe.h"
#include "verbs.h"

namespace chokepoint {

namespace {

// "-o, --output OUT.h5".
std::string option_text(const po::option_description& option) {
  const std::string name = "--" + option.long_name();
  std::string text = option.format_name();
  const bool has_letter = text.find('[') != std::string::npos;  // "-o [ --output ]"
  text = has_letter ? fmt::format("{}, {}", text.substr(0, text.find(' ')), name) : name;
  const std::string value = option.format_parameter();
  return value.empty() ? text : fmt::format("{} {}", text, value);
}

void describe_commands(const ModelInfo&, ReferencePage& page) {
  for (const Verb& verb : all_verbs()) {
    page.heading(fmt::format("chokepoint {} {}", verb.name, verb.arguments), true);
    page.paragraph(fmt::format("{}{}.", static_cast<char>(std::toupper(verb.meaning[0])), verb.meaning + 1));
    page.code(verb.example, "sh");
    ReferenceTable table{{{"option", true}, {"meaning"}}, {}};
    const po::options_description options = options_of(verb);
    for (const auto& option : options.options()) table.rows.push_back({option_text(*option), option->description()});
    page.table(table);
  }
}

}  // namespace

void describe_options(po::options_description& o) {
  auto add = o.add_options();
  add("model", po::value<std::string>()->default_value("race")->value_name("NAME"), "race, brownian, textbook or inspection");
  add("markdown", po::bool_switch(), "as a page in Markdown");
}

int verb_describe(const po::variables_map& options, const Words& topics) {
  if (topics.size() > 1) usage(fmt::format("expected one topic, got {}", topics.size()));
  const PageFormat format = options["markdown"].as<bool>() ? PageFormat::kMarkdown : PageFormat::kText;
  const std::vector<Topic> commands = {{"commands", "Commands", false, describe_commands}};
  std::fputs(describe(options["model"].as<std::string>(), topics.empty() ? "" : topics[0], format, commands).c_str(), stdout);
  return 0;
}

}  // namespace chokepoint
