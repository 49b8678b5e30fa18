// chokepoint export: datasets of a result as CSV.
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdio>
#include <fstream>

#include "../errors.h"
#include "../reports/export.h"
#include "../results/temporary_file.h"
#include "verbs.h"

namespace chokepoint {

namespace {

void export_to_file(const std::string& path, const std::string& result, const ExportOptions& options) {
  TemporaryFile temporary(path);
  std::ofstream file(temporary.name(), std::ios::binary);
  export_csv(result, options, [&](std::string_view text) {
    if (!file.write(text.data(), static_cast<std::streamsize>(text.size()))) throw file_error(path, "writing", errno);
  });
  file.close();
  if (!file) throw file_error(path, "writing", errno);
  temporary.publish();
}

}  // namespace

void export_options(po::options_description& o) {
  auto add = o.add_options();
  add("wide", po::bool_switch(),
      "the last axis goes into columns, NAME_VALUE; datasets without that axis, as an estimate beside its bounds, keep one column");
  add("output,o", po::value<std::string>()->default_value("-")->value_name("OUT.csv"), "file to write; -: standard output");
  add("force", po::bool_switch(), "overwrite an existing file");
}

int verb_export(const po::variables_map& options, const Words& arguments) {
  if (arguments.empty() || arguments.size() > 2) usage("export: expected a result file, and datasets separated by commas");
  const std::string& result = arguments[0];
  std::signal(SIGPIPE, SIG_DFL);  // a reader that has seen enough, such as head, ends this quietly
  if (arguments.size() == 1) {
    write_output("-", list_datasets(result));
    return 0;
  }
  ExportOptions how{split_list(arguments[1]), options["wide"].as<bool>()};
  if (how.datasets.empty()) usage("export: no dataset is named");
  const std::string path = options["output"].as<std::string>();
  if (path == "-") {
    export_csv(result, how, [](std::string_view text) { write_output("-", text); });
    return 0;
  }
  check_output(path, options["force"].as<bool>(), 1'000'000);
  export_to_file(path, result, how);
  return 0;
}

}  // namespace chokepoint
