// The groups /sensitivity and /accumulator of a result file, as its reports use them.
// SPDX-License-Identifier: Apache-2.0
#include "read_sensitivity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "../errors.h"
#include "hdf5.h"

namespace chokepoint {

namespace {

// Runs `read` on the file; a group or dataset that is not there is the user's to know.
template <class Read>
auto reading(const std::string& path, Read read) {
  try {
    const Hdf5Reader file(path);
    if (!file.has_dataset("/sensitivity/driver"))
      throw UserError(
          fmt::format("{}: says nothing of what drives it: no parameter varies, or it is of an older version. Run it again?", path));
    return read(file);
  } catch (const Hdf5Error& error) {
    if (error.system_error) throw EnvironmentError(fmt::format("{}: {}", path, error.what()));
    throw UserError(fmt::format("{}: is damaged or incomplete: {}. Copy it again from where it was made?", path, error.what()));
  }
}

// The last of `times` entries of (row, time, place) or (time, place), and its standard error.
std::vector<Estimate> last_estimates(const Hdf5Reader& file, const std::string& name, const std::vector<std::size_t>& shape) {
  const std::vector<double> values = file.numbers("/sensitivity/" + name, shape),
                            errors = file.numbers("/sensitivity/" + name + "_se", shape);
  const std::size_t places = shape.back(), times = shape[shape.size() - 2];
  std::vector<Estimate> result;
  for (std::size_t end = times * places; end <= values.size(); end += times * places)
    for (std::size_t i = end - places; i < end; ++i) result.push_back({values[i], errors[i]});
  return result;
}

// What sums are whole multiples of.
double unit_of(const std::string& path, const std::string& model, const std::string& metric) {
  if (const ModelInfo* info = find_model(model))
    for (const MetricRow& row : info->metrics)
      if (row.key == metric) return std::ldexp(1.0, row.log2_unit);
  throw UserError(
      fmt::format("{}: this program has no model '{}' with a metric '{}'. Use the version that wrote it?", path, model, metric));
}

}  // namespace

StoredDrivers read_drivers(const std::string& path, const StoredResult& result, const std::string& metric) {
  return reading(path, [&](const Hdf5Reader& file) {
    StoredDrivers stored;
    stored.drivers = file.texts("/sensitivity/driver");
    stored.units = file.texts("/sensitivity/driver_units");
    const std::size_t policies = result.policies.size(), drivers = stored.drivers.size(),
                      times = file.length("/sensitivity/sensitivity_time");
    stored.first_order = last_estimates(file, metric + "_first_order", {policies, times, drivers});
    stored.difference_first_order = last_estimates(file, metric + "_difference_first_order", {policies, times, drivers});
    stored.variance_share = last_estimates(file, metric + "_variance_share", {times, kVarianceSources});
    return stored;
  });
}

std::size_t replicates_of(const StoredResult& result) {
  return std::max(1ul, std::strtoul(result.entry("replicates").c_str(), nullptr, 10));
}

InformationInput read_information(const std::string& path, const StoredResult& result, const StoredMetric& metric,
                                  const std::vector<std::size_t>& policies) {
  return reading(path, [&](const Hdf5Reader& file) {
    if (!file.has_dataset("/sensitivity/sample_bin") || !file.has_dataset("/sample/" + metric.name))
      throw UserError(
          fmt::format("{}: holds no sample of trajectories, which errors are made from. Run it again with run.keep = 4096?", path));
    const std::size_t all = result.policies.size(), drivers = file.length("/sensitivity/driver"),
                      times = file.length("/sensitivity/sensitivity_time");
    const std::size_t kept = file.length("/sensitivity/sample_trajectory"), stored = file.length("/sample/trajectory");
    const std::size_t replicates = replicates_of(result);
    const std::vector<double> counts = file.numbers("/accumulator/bin_count", {drivers, kDriverBins}),
                              low = file.numbers("/accumulator/" + metric.name + "_bin_sum", {all, times, drivers, kDriverBins}),
                              high = file.numbers("/accumulator/" + metric.name + "_bin_sum_high", {all, times, drivers, kDriverBins}),
                              values = file.numbers("/sample/" + metric.name, {all, stored}),
                              bins = file.numbers("/sensitivity/sample_bin", {kept, drivers});
    double trajectories = 0;
    for (int b = 0; b < kDriverBins; ++b) trajectories += counts[b];
    InformationInput in;
    in.policies = static_cast<int>(policies.size());
    in.drivers = static_cast<int>(drivers);
    in.sign = metric.direction == "higher" ? 1 : -1;
    in.worlds = trajectories / static_cast<double>(replicates);
    in.probed = static_cast<int>(kept / replicates);
    for (const double count : counts) in.bin_share.push_back(count / trajectories);
    const double unit = unit_of(path, result.model, metric.name);
    for (const std::size_t p : policies) {
      in.mean.push_back(metric.mean[(p + 1) * result.years.size() - 1]);
      const std::size_t from = (p * times + times - 1) * drivers * kDriverBins;
      for (std::size_t i = 0; i < drivers * kDriverBins; ++i)
        in.bin_mean.push_back((low[from + i] + high[from + i] * 0x1p62) * unit / counts[i]);
      for (int w = 0; w < in.probed; ++w) {
        double sum = 0;
        for (std::size_t r = 0; r < replicates; ++r) sum += values[p * stored + w * replicates + r];
        in.values.push_back(sum / static_cast<double>(replicates));
      }
    }
    for (std::size_t d = 0; d < drivers; ++d)
      for (int w = 0; w < in.probed; ++w) in.bins.push_back(static_cast<std::uint8_t>(bins[w * replicates * drivers + d]));
    return in;
  });
}

Estimate read_perfect_information(const std::string& path, const std::string& metric) {
  return reading(path, [&](const Hdf5Reader& file) {
    const std::vector<std::string> metrics = file.texts("/sensitivity/decision");
    const auto found = static_cast<std::size_t>(std::ranges::find(metrics, metric) - metrics.begin());
    return Estimate{file.numbers("/sensitivity/evpi", {metrics.size()}).at(found),
                    file.numbers("/sensitivity/evpi_se", {metrics.size()}).at(found)};
  });
}

}  // namespace chokepoint
