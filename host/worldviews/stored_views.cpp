// SPDX-License-Identifier: Apache-2.0
#include "stored_views.h"

#include "../results/layout.h"

namespace chokepoint {

namespace {

class ViewsReader {
 public:
  ViewsReader(const Hdf5Reader& file, const StoredResult& result, std::size_t views) : file_(file), result_(result), views_(views) {}

  StoredViewMetric read(const StoredMetric& metric, double tolerance) const {
    StoredViewMetric m{&metric, last("_mean", metric), last("_mean_se", metric)};
    if (metric.direction == "none") return m;
    const auto of = [&](const char* suffix, std::size_t others = 0) { return numbers(metric.name + suffix, others); };
    const std::size_t policies = result_.policies.size();
    m.views = {views_,        policies,          metric.direction == "higher",     of("_gap"),
               of("_gap_se"), of("_separation"), of("_pair_difference", policies), of("_pair_difference_se", policies)};
    m.across = across_views(m.views, tolerance);
    return m;
  }

  // (view, policy[, place[, bound]])
  std::vector<double> numbers(const std::string& name, std::size_t places, std::size_t bounds = 0) const {
    std::vector<std::size_t> shape = {views_, result_.policies.size()};
    for (const std::size_t length : {places, bounds})
      if (length > 0) shape.push_back(length);
    return file_.numbers(path_of(name), shape);
  }

 private:
  static std::string path_of(const std::string& name) { return std::string(kWorldviewGroup) + "/" + name; }

  std::vector<double> last(const char* suffix, const StoredMetric& metric) const {
    const std::size_t policies = result_.policies.size(), times = result_.years.size();
    return file_.numbers(path_of(metric.name + suffix), {views_, policies, times}, {0, 0, times - 1}, {views_, policies, 1});
  }

  const Hdf5Reader& file_;
  const StoredResult& result_;
  const std::size_t views_;
};

}  // namespace

StoredViews read_views(const std::string& path, const StoredResult& result, const std::vector<const StoredMetric*>& metrics,
                       double tolerance) {
  StoredViews stored;
  with_result(path, [&](const Hdf5Reader& file) {
    const std::string names = std::string(kWorldviewGroup) + "/worldview";
    if (!file.has_dataset(names)) return;
    stored.names = file.texts(names);
    const ViewsReader reader(file, result, stored.names.size());
    for (const StoredMetric* metric : metrics) stored.metrics.push_back(reader.read(*metric, tolerance));
    if (result.thresholds.empty()) return;
    stored.satisfied = reader.numbers("satisfied", result.thresholds.size());
    stored.satisfied_bounds = reader.numbers("satisfied_bounds", result.thresholds.size(), 2);
  });
  return stored;
}

}  // namespace chokepoint
