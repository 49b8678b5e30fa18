// SPDX-License-Identifier: Apache-2.0
#include "find_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "../config/toml_tools.h"
#include "../errors.h"

namespace chokepoint {

namespace {

namespace fs = std::filesystem;

constexpr const char* kExtension = ".toml";

bool is_path(const std::string& wanted) { return wanted.find('/') != wanted.npos || wanted.ends_with(kExtension); }

fs::path folder_of(const Scenario& scenario) {
  const auto beside = [](const ConfigurationFile& file) { return fs::path(file.path).parent_path() / "worldviews"; };
  for (auto file = scenario.files.rbegin(); file != scenario.files.rend(); ++file)
    if (fs::is_directory(beside(*file))) return beside(*file);
  return beside(scenario.files.back());
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  if (!fs::is_directory(folder)) return names;
  for (const fs::directory_entry& file : fs::directory_iterator(folder))
    if (file.path().extension() == kExtension) names.push_back(view_name(file.path().string()));
  std::ranges::sort(names);
  return names;
}

}  // namespace

std::vector<ViewFile> find_views(const Scenario& scenario, const std::vector<std::string>& wanted) {
  const fs::path folder = folder_of(scenario);
  const std::vector<std::string> known = names_in(folder);
  std::vector<ViewFile> views;
  std::vector<std::string> problems;
  const auto add = [&](const std::string& name) { views.push_back({name, (folder / (name + kExtension)).string()}); };
  for (const std::string& one : wanted) {
    if (is_path(one))
      views.push_back({view_name(one), one});
    else if (known.empty())
      problems.push_back(fmt::format("--worldviews {}: there is no folder {} with files *{}. Give paths, such as ./{}{}?", one,
                                     folder.string(), kExtension, one == "all" ? "NAME" : one, kExtension));
    else if (one == "all")
      std::ranges::for_each(known, add);
    else if (std::ranges::find(known, one) != known.end())
      add(one);
    else
      problems.push_back(fmt::format("--worldviews {}: unknown.{}", one, advice(one, known)));
  }
  if (!problems.empty()) throw UserError(problems);
  return views;
}

}  // namespace chokepoint
