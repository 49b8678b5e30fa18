// SPDX-License-Identifier: Apache-2.0
#include "verify_views.h"

#include <fmt/format.h>

#include <memory>

#include "../errors.h"
#include "../results/compare.h"
#include "../results/layout.h"
#include "../worldviews/join.h"
#include "../worldviews/stack.h"

namespace chokepoint {

namespace {

// The group as it was written, and as it would be made of the results in the file.
Check check_group(const std::vector<ViewFile>& views) {
  Check check{"world views", "", {}};
  with_result(views.front().path, [&](const Hdf5Reader& file) {
    const FileHash hash = hash_group(file, kWorldviewGroup);
    if (const std::string written = file.text_attribute(kWorldviewGroup, "result_hash").value_or("none"); hash.digest != written)
      check.problems.push_back(
          fmt::format("what {} holds has the hash {}, but its result_hash is {}: a number, a text or a shape is not as "
                      "it was written",
                      kWorldviewGroup, hash.digest, written));
    std::vector<std::unique_ptr<Hdf5Reader>> files;
    std::vector<NamedView> named;
    for (const ViewFile& view : views) {
      files.push_back(std::make_unique<Hdf5Reader>(view.path));
      named.push_back({view.name, *files.back()});
    }
    FileComparison comparison(file);
    Recorder recorder(nullptr, &comparison);
    put_worldviews(named, recorder);
    for (const Difference& one : comparison.differences())
      check.problems.push_back(fmt::format("{}: the file has {}, made again of its results it is {}", one.where, one.stored, one.other));
    if (!check.problems.empty()) return;
    check.shown = fmt::format("{} datasets of {} made again of the results of {} world views: the same bits", comparison.datasets(),
                              kWorldviewGroup, views.size());
  });
  return check;
}

Check check_view(const ViewFile& view, const VerifyOptions& options) {
  const Verification found = verify(view.path, options);
  Check check{"view " + view.name, "", {}};
  for (const Check& one : found.checks)
    for (const std::string& problem : one.problems) check.problems.push_back(fmt::format("{}: {}", one.name, problem));
  if (!check.problems.empty()) return check;
  check.shown =
      fmt::format("all {} checks of {}{}/{} are good, {} of {} stored trajectories have the same bits: result_hash {}", found.checks.size(),
                  found.run_again ? "the whole run of " : "", kWorldviewGroup, view.name, found.compared, found.stored, found.result_hash);
  return check;
}

}  // namespace

void verify_views(const std::string& path, const VerifyOptions& options, Verification& out) {
  const auto add = [&](const std::string& name, auto make) {
    try {
      out.checks.push_back(make());
    } catch (const UserError& error) {
      out.checks.push_back({name, "", {error.what()}});
    }
  };
  const std::vector<ViewFile> views = views_of(path);
  if (views.empty()) return;
  add("world views", [&] { return check_group(views); });
  for (auto view = views.begin() + 1; view != views.end(); ++view) add("view " + view->name, [&] { return check_view(*view, options); });
}

}  // namespace chokepoint
