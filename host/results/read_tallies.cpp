// SPDX-License-Identifier: Apache-2.0
#include "read_tallies.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <tuple>

#include "../run/plan.h"
#include "../statistics/decision.h"

namespace chokepoint {

namespace {

constexpr std::size_t kLimbs = 4;
constexpr int kLowBits = 62;  // of the lower part of a sum over a bin

// The inverse of split() in layout_parts.h.
template <class Integer>
Integer join(const std::int64_t* limbs) {
  auto value = static_cast<UnsignedWide>(limbs[kLimbs - 1]) << 96;
  for (int i = 0; i < 3; ++i) value += static_cast<UnsignedWide>(limbs[i]) << (32 * i);
  return static_cast<Integer>(value);
}

class TallyReader {
 public:
  TallyReader(const Hdf5Reader& file, const Scenario& scenario)
      : file_(file), s_(scenario), rows_(scenario.model->metrics), tallies_(shape_of(scenario)), shape_(tallies_.shape) {}

  Tallies read();

 private:
  using Sizes = std::vector<std::size_t>;

  std::vector<std::int64_t> whole(const std::string& name, const Sizes& shape) const { return file_.values<std::int64_t>(name, shape); }
  std::string accumulated(int metric, const char* suffix) const { return fmt::format("/accumulator/{}{}", rows_[metric].key, suffix); }
  void read_cells(int metric);
  void read_joint(int pair);
  void read_decision(int decision);
  void read_bins(int metric);
  void read_world_sums(int metric);
  void read_world_extremes(int decision);

  // Sums over axes of `axes`, of which number i is sums_of(i).
  template <class SumsOf>
  void read_sums(int metric, const std::string& suffix, const Sizes& axes, SumsOf sums_of) const;

  const Hdf5Reader& file_;
  const Scenario& s_;
  const std::vector<MetricRow>& rows_;
  Tallies tallies_;
  const Shape& shape_;
  const std::size_t policies_ = std::size_t(shape_.policies), records_ = std::size_t(shape_.records), times_ = std::size_t(shape_.times),
                    drivers_ = std::size_t(shape_.drivers);
};

Tallies TallyReader::read() {
  const auto trajectories = file_.integer_attribute("/accumulator", "trajectories");
  if (!trajectories || *trajectories < 0) throw Hdf5Error("the attribute trajectories of /accumulator is missing or no number", 0);
  tallies_.trajectories = static_cast<std::uint64_t>(*trajectories);
  for (int m = 0; m < shape_.metrics; ++m) read_cells(m);
  for (int pair = 0; pair < shape_.joints; ++pair) read_joint(pair);
  for (int d = 0; d < shape_.decisions; ++d) read_decision(d);
  tallies_.event_steps = whole("/accumulator/event_step_count", {policies_, std::size_t(shape_.events), std::size_t(shape_.steps) + 1});
  tallies_.clamped = whole("/accumulator/clamped_draws", {std::size_t(shape_.parameters)});
  const auto first = whole("/accumulator/first_non_finite", {policies_});
  std::ranges::transform(first, tallies_.first_non_finite.begin(), [](std::int64_t number) {
    return number < 0 ? std::numeric_limits<std::uint64_t>::max() : static_cast<std::uint64_t>(number);
  });
  if (shape_.thresholds > 0) tallies_.satisfied = whole("/accumulator/satisfied_count", {policies_, std::size_t(shape_.thresholds) + 1});
  if (times_ == 0 || drivers_ == 0) return std::move(tallies_);
  tallies_.bin_counts = whole("/accumulator/bin_count", {drivers_, kDriverBins});
  for (int m = 0; m < shape_.metrics; ++m) read_bins(m);
  if (tallies_.world_sums.empty()) return std::move(tallies_);
  for (int m = 0; m < shape_.metrics; ++m) read_world_sums(m);
  for (int d = 0; d < shape_.decisions; ++d) read_world_extremes(d);
  return std::move(tallies_);
}

template <class SumsOf>
void TallyReader::read_sums(int metric, const std::string& suffix, const Sizes& axes, SumsOf sums_of) const {
  Sizes by_limb = axes;
  by_limb.push_back(kLimbs);
  const std::string name = accumulated(metric, suffix.c_str());
  const auto units = whole(name + "_sum", by_limb), squares = whole(name + "_sum_of_squares", by_limb),
             saturated = whole(name + "_saturated", axes);
  const auto least = file_.values<float>(name + "_least", axes), greatest = file_.values<float>(name + "_greatest", axes);
  const CellSums nothing;
  for (std::size_t i = 0; i < saturated.size(); ++i)
    sums_of(i) = {join<Wide>(&units[i * kLimbs]), join<UnsignedWide>(&squares[i * kLimbs]), saturated[i],
                  std::isnan(least[i]) ? nothing.least : least[i], std::isnan(greatest[i]) ? nothing.greatest : greatest[i]};
}

void TallyReader::read_cells(int metric) {
  const std::string key = rows_[metric].key;
  const auto cell = [&](std::size_t at) { return shape_.cell(static_cast<int>(at / records_), metric, static_cast<int>(at % records_)); };
  const auto counts = whole("/histogram/" + key + "_count", {policies_, records_, kBins + 2});
  const auto non_finite = whole("/histogram/" + key + "_non_finite", {policies_, records_});
  const auto differences = whole(accumulated(metric, "_difference_count"), {policies_, records_, kDifferenceSlots});
  for (std::size_t at = 0; at < policies_ * records_; ++at) {
    std::copy_n(&counts[at * (kBins + 2)], kBins + 2, &tallies_.slots[cell(at) * kSlots]);
    tallies_.slots[cell(at) * kSlots + kNonFinite] = non_finite[at];
    std::copy_n(&differences[at * kDifferenceSlots], kDifferenceSlots, &tallies_.differences[cell(at) * kDifferenceSlots]);
  }
  read_sums(metric, "", {policies_, records_}, [&](std::size_t at) -> CellSums& { return tallies_.sums[cell(at)]; });
  read_sums(metric, "_difference", {policies_, records_}, [&](std::size_t at) -> CellSums& { return tallies_.difference_sums[cell(at)]; });
}

void TallyReader::read_joint(int pair) {
  const auto [first, second] = s_.joint[pair];
  const auto counts = whole(fmt::format("/histogram/joint_{}_{}_count", rows_[first].key, rows_[second].key),
                            {policies_, records_, kJointSide, kJointSide});
  std::ranges::copy(counts, tallies_.joint.begin() + static_cast<std::ptrdiff_t>(pair * counts.size()));
}

void TallyReader::read_decision(int decision) {
  const int metric = decided_metrics(*s_.model)[decision];
  Sizes axes = {policies_};
  if (shape_.bases() > 1) axes.insert(axes.begin(), 2);
  const auto choice = [&](std::size_t at) {
    return shape_.choice(static_cast<int>(at / policies_), decision, static_cast<int>(at % policies_));
  };
  read_sums(metric, "_regret", axes, [&](std::size_t at) -> CellSums& { return tallies_.regret_sums[choice(at)]; });
  const auto scatter = [&](const char* suffix, std::size_t each, std::vector<std::int64_t>& to) {
    Sizes shape = axes;
    shape.push_back(each);
    const auto values = whole(accumulated(metric, suffix), shape);
    for (std::size_t at = 0; at < values.size() / each; ++at) std::copy_n(&values[at * each], each, &to[choice(at) * each]);
  };
  scatter("_regret_count", kRegretSlots, tallies_.regret);
  scatter("_rank_parts", policies_, tallies_.ranks);
  const auto pairs = static_cast<std::size_t>(shape_.pairs());
  if (pairs == 0) return;
  const auto squares = whole(accumulated(metric, "_pair_squares"), {pairs, kLimbs});
  for (std::size_t i = 0; i < pairs; ++i)
    tallies_.pair_squares[std::size_t(decision) * pairs + i] = join<UnsignedWide>(&squares[i * kLimbs]);
}

void TallyReader::read_bins(int metric) {
  const std::size_t each = drivers_ * kDriverBins;
  const Sizes shape = {policies_, times_, drivers_, kDriverBins};
  const auto low = whole(accumulated(metric, "_bin_sum"), shape), high = whole(accumulated(metric, "_bin_sum_high"), shape);
  for (std::size_t i = 0; i < low.size(); ++i) {
    const std::size_t output = shape_.output(static_cast<int>(i / each / times_), static_cast<int>(i / each % times_), metric);
    tallies_.bin_sums[output * each + i % each] = (Wide{high[i]} << kLowBits) + low[i];
  }
}

void TallyReader::read_world_sums(int metric) {
  const auto units = whole(accumulated(metric, "_world_sum"), {policies_, times_, kLimbs}),
             squares = whole(accumulated(metric, "_world_sum_of_squares"), {policies_, times_, kLimbs});
  for (std::size_t at = 0; at < policies_ * times_; ++at) {
    CellSums& sums = tallies_.world_sums[shape_.output(static_cast<int>(at / times_), static_cast<int>(at % times_), metric)];
    sums.units = join<Wide>(&units[at * kLimbs]);
    sums.squares = join<UnsignedWide>(&squares[at * kLimbs]);
  }
}

// The extremes of worlds' means are in the file only as scores: the worst world is that of maximin, the best one follows from Hurwicz's.
void TallyReader::read_world_extremes(int decision) {
  const int metric = decided_metrics(*s_.model)[decision];
  const auto scores = file_.values<double>(fmt::format("/decision/{}_score", rows_[metric].key), {2, kCriteria, policies_});
  const auto score = [&](Criterion criterion, std::size_t policy) {
    return scores[(kCriteria + static_cast<std::size_t>(criterion)) * policies_ + policy];
  };
  for (std::size_t p = 0; p < policies_; ++p) {
    const double worst = score(Criterion::kMaximin, p), mixed = score(Criterion::kHurwicz, p);
    if (std::isnan(worst)) continue;
    const auto mix = [&](float best) { return s_.hurwicz * static_cast<double>(best) + (1 - s_.hurwicz) * worst; };
    float best = s_.hurwicz > 0 ? static_cast<float>((mixed - (1 - s_.hurwicz) * worst) / s_.hurwicz) : static_cast<float>(worst);
    for (const float side : {-HUGE_VALF, HUGE_VALF})  // that division has a rounding error
      if (mix(best) != mixed && mix(std::nextafter(best, side)) == mixed) best = std::nextafter(best, side);
    CellSums& sums = tallies_.world_sums[shape_.output(static_cast<int>(p), shape_.times - 1, metric)];
    std::tie(sums.least, sums.greatest) = std::minmax(static_cast<float>(worst), best);
  }
}

}  // namespace

Tallies read_tallies(const Hdf5Reader& file, const Scenario& scenario) { return TallyReader(file, scenario).read(); }

std::uint64_t stored_trajectories(const Hdf5Reader& file) {
  return file.has_dataset("/sample/trajectory") ? file.length("/sample/trajectory") : 0;
}

Sample read_sample(const Hdf5Reader& file, const Scenario& scenario) {
  const Shape shape = shape_of(scenario);
  const std::size_t keep = stored_trajectories(file), metrics = scenario.model->metrics.size();
  Sample sample(shape, keep);
  if (keep == 0) return sample;
  const auto policies = static_cast<std::size_t>(shape.policies), events = static_cast<std::size_t>(shape.events);
  sample.parameters = file.values<float>("/sample/parameters", {keep, scenario.model->parameters.size()});
  for (std::size_t m = 0; m < metrics; ++m) {
    const auto values = file.values<float>(fmt::format("/sample/{}", scenario.model->metrics[m].key), {policies, keep});
    for (std::size_t i = 0; i < values.size(); ++i) sample.metrics[i * metrics + m] = values[i];
  }
  const auto years = file.values<float>("/sample/event_year", {policies, keep, events});
  std::ranges::transform(years, sample.events.begin(), [](float year) {
    if (std::isnan(year)) return std::int16_t{-1};
    constexpr double kMost = std::numeric_limits<std::int16_t>::max();
    return static_cast<std::int16_t>(std::clamp(std::round(static_cast<double>(year) * 12) - 1, 0.0, kMost));
  });
  return sample;
}

}  // namespace chokepoint
