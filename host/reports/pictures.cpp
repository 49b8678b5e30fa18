// SPDX-License-Identifier: Apache-2.0
#include "pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace chokepoint {

namespace {

constexpr double kShownQuantiles[] = {0.05, 0.5, 0.95};
constexpr double kOutside = 0.01;   // of a policy's trajectories, on each side of the histogram
constexpr double kFaintest = 0.02;  // of the tallest bar: less is blank
constexpr double kLongRange = 100;
constexpr int kShortestLine = 11, kLongestLine = 24, kFewestBars = 12, kMostBars = 48;

// Three digits, without an exponent as far as that is shorter.
std::string short_number(double x) {
  return std::abs(x) >= 999.5 && std::abs(x) < 1e6 ? fmt::format("{:.0f}", x) : fmt::format("{:.3g}", x);
}

// A scale that is logarithmic on both sides of zero is drawn as such only where that side is all there is, and long.
bool is_logarithmic(const StoredMetric& m, double low, double high) {
  return low > 0 && (m.scale == "log" || (m.scale == "signed_log" && high > kLongRange * low));
}

std::string scale_text(bool logarithmic) { return logarithmic ? ", log" : ""; }

// Counts of a policy, added up.
class Cumulative {
 public:
  Cumulative(const std::vector<double>& edges, const double* counts) : edges_(edges), sums_(edges.size()) {
    std::partial_sum(counts, counts + edges.size(), sums_.begin());
    total_ = sums_.back() + counts[edges.size()];
  }
  double total() const { return total_; }
  double below(double x) const {
    const auto above = std::ranges::upper_bound(edges_, x) - edges_.begin();
    if (above == 0) return sums_.front();
    if (above == static_cast<std::ptrdiff_t>(edges_.size())) return sums_.back();
    const auto i = static_cast<std::size_t>(above);
    return std::lerp(sums_[i - 1], sums_[i], (x - edges_[i - 1]) / (edges_[i] - edges_[i - 1]));
  }
  // The last edge with no more than `share` below it, and the first with no more above it.
  std::size_t last_below(double share) const {
    const auto found = std::ranges::upper_bound(sums_, share * total_) - sums_.begin();
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(found, 1) - 1);
  }
  std::size_t first_above(double share) const {
    const auto found = std::ranges::lower_bound(sums_, (1 - share) * total_) - sums_.begin();
    return std::min(static_cast<std::size_t>(found), sums_.size() - 1);
  }

 private:
  const std::vector<double>& edges_;
  std::vector<double> sums_;  // up to each edge
  double total_;
};

// Edges of fine bins are equally wide on the metric's scale: so are places between them, as good as.
double edge_at(const std::vector<double>& edges, double place) {
  const auto below = static_cast<std::size_t>(place);
  return std::lerp(edges[below], edges[std::min(below + 1, edges.size() - 1)], place - static_cast<double>(below));
}

TableColumn line_column(const View& v, const StoredMetric& m, std::size_t quantile, int length) {
  const std::size_t times = v.result.years.size(), quantiles = v.result.quantiles.size();
  std::vector<double> values;  // (policy, time)
  for (std::size_t at = quantile; at < m.quantile.size(); at += quantiles) values.push_back(m.quantile[at]);
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double x : values) {
    if (!std::isfinite(x)) continue;
    low = std::min(low, x);
    high = std::max(high, x);
  }
  const bool logarithmic = is_logarithmic(m, low, high);
  const auto height = [&](double x) { return logarithmic ? std::log(x) : x; };
  TableColumn column{{quantile_name(v.result.quantiles[quantile]) + scale_text(logarithmic), "over time"}, {}, true};
  const auto [lowest, highest] = sparkline_ends(v.unicode);
  column.header.push_back(low <= high ? fmt::format("{}{} {}{}", lowest, short_number(low), highest, short_number(high)) : "");
  length = std::max(length, column.width());
  for (const std::size_t p : v.order) {
    std::vector<double> heights;
    for (std::size_t t = 0; t < times; ++t) heights.push_back(height(values[p * times + t]));
    column.cells.push_back(sparkline(heights, height(low), height(high), length, v.unicode));
  }
  return column;
}

TableColumn histogram_column(const View& v, const StoredMetric& m, int length) {
  const CoarseHistogram h = coarsen(m, v.policies(), static_cast<std::size_t>(length));
  const std::string from = short_number(h.edges.front()), to = short_number(h.edges.back());
  const int ends = text_width(from + " " + to);
  if (ends > length) return histogram_column(v, m, ends);
  const double tallest = *std::ranges::max_element(h.shares, {}, [](double share) { return std::isnan(share) ? 0 : share; });
  TableColumn column{{"at end" + scale_text(h.logarithmic), fmt::format("{}{:>{}}", from, to, length - text_width(from))}, {}, true};
  for (const std::size_t p : v.order) {
    std::vector<double> bars(h.bins());
    for (std::size_t i = 0; i < bars.size(); ++i) {
      const double share = h.shares[p * bars.size() + i];
      bars[i] = share < kFaintest * tallest ? std::numeric_limits<double>::quiet_NaN() : share;
    }
    column.cells.push_back(sparkline(bars, 0, tallest, static_cast<int>(bars.size()), v.unicode));
  }
  return column;
}

std::vector<std::size_t> drawn_quantiles(const View& v) {
  return v.result.years.size() > 1 ? shown_quantiles(v.result) : std::vector<std::size_t>();
}

int line_length(const View& v, int wanted) { return std::min({wanted, kLongestLine, static_cast<int>(v.result.years.size())}); }

}  // namespace

std::vector<std::size_t> shown_quantiles(const StoredResult& result) {
  std::vector<std::size_t> shown;
  for (const double share : kShownQuantiles)
    if (const std::size_t nearest = nearest_quantile(result, share); std::ranges::find(shown, nearest) == shown.end())
      shown.push_back(nearest);
  return shown;
}

CoarseHistogram coarsen(const StoredMetric& m, std::size_t policies, std::size_t bins) {
  const std::vector<double>& edges = m.histogram->edges;
  std::vector<Cumulative> sums;
  std::size_t first = edges.size() - 1, last = 0;
  for (std::size_t p = 0; p < policies; ++p) {
    sums.emplace_back(edges, m.histogram->counts.data() + p * (edges.size() + 1));
    if (sums.back().total() == 0) continue;
    first = std::min(first, sums.back().last_below(kOutside));
    last = std::max(last, sums.back().first_above(kOutside));
  }
  if (first >= last) {  // nothing at all, or all beyond one end
    last = std::clamp<std::size_t>(last, 1, edges.size() - 1);
    first = last - 1;
  }
  const auto bin_up = [&](bool logarithmic) {
    CoarseHistogram coarse{{}, {}, logarithmic};
    for (std::size_t i = 0; i <= bins; ++i) {
      const double at = static_cast<double>(i) / static_cast<double>(bins);
      coarse.edges.push_back(logarithmic ? edge_at(edges, std::lerp(first, last, at)) : std::lerp(edges[first], edges[last], at));
    }
    for (const Cumulative& policy : sums)
      for (std::size_t i = 0; i < bins; ++i)
        coarse.shares.push_back((policy.below(coarse.edges[i + 1]) - policy.below(coarse.edges[i])) / policy.total());
    return coarse;
  };
  CoarseHistogram coarse = bin_up(m.scale == "log");
  const bool crowded = std::ranges::any_of(coarse.shares, [](double share) { return share > 0.5; });
  return m.scale == "signed_log" && crowded ? bin_up(true) : coarse;
}

int least_room(const View& v, const StoredMetric& m) {
  ColumnGroup columns;
  for (const std::size_t quantile : drawn_quantiles(v)) columns.push_back(line_column(v, m, quantile, line_length(v, kShortestLine)));
  return width_of(columns) + (m.histogram ? kColumnGap + kFewestBars : 0);
}

ColumnGroup picture_columns(const View& v, const StoredMetric& m, int room) {
  if (std::ranges::none_of(m.quantile, [](double x) { return std::isfinite(x); })) return {};
  std::vector<std::size_t> quantiles = drawn_quantiles(v);
  if (room < least_room(v, m) && !quantiles.empty()) quantiles = {nearest_quantile(v.result, 0.5)};
  const int parts = static_cast<int>(quantiles.size()) + 2;  // the histogram has the room of two lines
  const int length = std::max(room / parts - kColumnGap, kShortestLine);
  ColumnGroup columns;
  for (const std::size_t quantile : quantiles) columns.push_back(line_column(v, m, quantile, line_length(v, length)));
  if (width_of(columns) > room) columns.clear();
  const int left = room - width_of(columns) - kColumnGap;
  if (!m.histogram || left < kFewestBars) return columns;
  TableColumn histogram = histogram_column(v, m, std::min(left, kMostBars));
  if (histogram.width() <= left) columns.push_back(std::move(histogram));
  return columns;
}

}  // namespace chokepoint
