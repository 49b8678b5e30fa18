// `report`: one HTML page of a result, or of two side by side.
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "../reports/web_report.h"
#include "../results/temporary_file.h"
#include "fmt/format.h"
#include "verbs.h"

namespace chokepoint {

namespace {

constexpr std::uint64_t kUsualBytes = 5'000'000;

}  // namespace

void report_options(po::options_description& o) {
  auto add = o.add_options();
  add("output,o", po::value<std::string>()->value_name("FILE.html"), "the page; default: the (first) result's name with .html");
  add("title", po::value<std::string>()->value_name("TEXT"), "title of the page; default: that of the scenario");
  add("metrics,m", po::value<std::string>()->value_name("A,B"), "metrics to show, which the answer then speaks of; default: all");
  add("force", po::bool_switch(), "overwrite an existing file");
}

int verb_report(const po::variables_map& options, const Words& files) {
  if (files.empty() || files.size() > 2) usage(fmt::format("expected one result file or two, got {}", files.size()));
  std::string output = text_of(options, "output");
  if (output.empty()) output = std::filesystem::path(files[0]).replace_extension(".html").string();
  check_output(output, options["force"].as<bool>(), kUsualBytes);
  const std::string page = web_report(files, {text_of(options, "title"), list_of(options, "metrics")});
  write_text(output, page);
  fmt::print("{}: {:.1f} MB\n", output, static_cast<double>(page.size()) / 1e6);
  return 0;
}

}  // namespace chokepoint
