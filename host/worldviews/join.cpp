// SPDX-License-Identifier: Apache-2.0
#include "join.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>

#include "../config/config.h"
#include "../errors.h"
#include "../results/copy.h"
#include "../results/layout.h"
#include "../results/part.h"
#include "../results/temporary_file.h"
#include "stack.h"

namespace chokepoint {

namespace {

std::string group_of(const std::string& view) { return fmt::format("{}/{}", kWorldviewGroup, view); }

Scenario scenario_of(const std::string& path, const StoredResult& result) {
  return parse_scenario(path + ", /provenance/configuration_resolved", result.entry("configuration_resolved"));
}

// Results that differ in more than the world view cannot share axes.
void check_kin(const std::vector<ViewFile>& views) {
  const std::string& first = views.front().path;
  const StoredResult base = read_result(first);
  const Scenario scenario = scenario_of(first, base);
  std::vector<std::string> problems;
  for (const ViewFile& view : views) {
    const StoredResult result = read_result(view.path);
    if (result.entry("version") != base.entry("version") || result.entry("commit") != base.entry("commit"))
      problems.push_back(fmt::format("{}: was made by Chokepoint {} ({}), {} by {} ({}). Run them with one version.", view.path,
                                     result.entry("version"), result.entry("commit"), first, base.entry("version"), base.entry("commit")));
    else if (const std::string changes = foreign_changes(scenario_of(view.path, result), scenario); !changes.empty())
      problems.push_back(fmt::format("{}: is no world view of the scenario of {}: {}", view.path, first, changes));
    else if (!result.entry("missing").empty())
      problems.push_back(fmt::format("{}: lacks {}. Merge all of its parts first.", view.path, result.entry("missing")));
  }
  if (!problems.empty()) throw UserError(problems);
}

void write_views(const std::string& name, const std::vector<ViewFile>& views) {
  std::vector<std::unique_ptr<Hdf5Reader>> files;
  std::vector<NamedView> named;
  for (const ViewFile& view : views) {
    files.push_back(std::make_unique<Hdf5Reader>(view.path));
    named.push_back({view.name, *files.back()});
  }
  Hdf5Writer file(name);
  copy_result(*files.front(), file);
  Recorder recorder(&file);
  put_worldviews(named, recorder);
  file.annotate({"result_hash", recorder.digest()});
  for (std::size_t v = 1; v < views.size(); ++v) {
    file.move_root(group_of(views[v].name));
    copy_result(*files[v], file);
  }
  file.close();
}

}  // namespace

std::string view_name(const std::string& path) { return std::filesystem::path(path).stem().string(); }

void check_view_names(const std::vector<ViewFile>& views) {
  constexpr std::string_view kLegal = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  std::set<std::string> seen = {"worldview"};  // the axis
  std::vector<std::string> problems;
  for (const auto& [name, path] : views) {
    if (name.empty() || name.find_first_not_of(kLegal) != name.npos)
      problems.push_back(fmt::format("{}: '{}' is no name of a world view: letters, digits, _ and - alone. Rename the file?", path, name));
    else if (!seen.insert(name).second)
      problems.push_back(fmt::format("{}: the name '{}' of this world view is taken. Name each one once, or rename the file?", path, name));
  }
  if (!problems.empty()) throw UserError(problems);
}

std::string foreign_changes(const Scenario& view, const Scenario& base) {
  return different_settings(view.settings, base.settings, [](const std::string& key) {
    const auto starts = [&](const char* with) { return key.starts_with(with); };
    return !(starts("parameters") || starts("correlation") || key == "title" || key == "description");
  });
}

void join_views(const std::string& path, const std::vector<ViewFile>& views) {
  check_view_names(views);
  check_kin(views);
  try {
    TemporaryFile temporary(path);
    write_views(temporary.name(), views);
    temporary.publish();
  } catch (const Hdf5Error& error) {
    throw EnvironmentError(fmt::format("{}: {}{}", path, error.what(), file_advice(error.system_error)));
  }
}

std::vector<ViewFile> views_of(const std::string& path) {
  std::vector<ViewFile> views;
  with_result(path, [&](const Hdf5Reader& file) {
    if (!file.has_dataset(group_of("worldview"))) return;
    for (const std::string& name : file.texts(group_of("worldview"))) views.push_back({name, views.empty() ? path : path + group_of(name)});
  });
  return views;
}

}  // namespace chokepoint
