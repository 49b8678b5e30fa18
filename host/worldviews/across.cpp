// SPDX-License-Identifier: Apache-2.0
#include "across.h"

#include <algorithm>
#include <cmath>

#include "../statistics/estimate.h"

namespace chokepoint {

namespace {

class Across {
 public:
  Across(const MetricViews& metric, double tolerance) : m_(metric), tolerance_(tolerance) {}

  AcrossViews derive() {
    for (std::size_t v = 0; v < m_.views; ++v) add_view(v);
    for (std::size_t p = 0; p < m_.policies; ++p) add_policy(p);
    for (std::size_t p = 0; p < m_.policies; ++p)
      for (std::size_t q = p + 1; q < m_.policies; ++q) add_reversal(p, q);
    return std::move(out_);
  }

 private:
  std::size_t at(std::size_t view, std::size_t policy) const { return view * m_.policies + policy; }
  double better_by(std::size_t view, std::size_t p, std::size_t q) const {
    const double difference = m_.pair_difference[at(view, p) * m_.policies + q];
    return m_.higher ? difference : -difference;
  }
  double error(std::size_t view, std::size_t p, std::size_t q) const { return m_.pair_difference_se[at(view, p) * m_.policies + q]; }

  void add_view(std::size_t v) {
    double widest = 0;
    int best = -1;
    for (std::size_t p = 0; p < m_.policies; ++p) widest = std::max(widest, m_.gap[at(v, p)]);
    for (std::size_t p = 0; p < m_.policies; ++p) {
      std::size_t rank = 1;
      for (std::size_t q = 0; q < m_.policies; ++q) rank += better_by(v, q, p) > 0;
      const bool known = !std::isnan(m_.gap[at(v, p)]);
      out_.rank.push_back(known ? static_cast<double>(rank) : kNaN);
      out_.acceptable.push_back(m_.gap[at(v, p)] <= tolerance_ * widest);
      if (known && rank == 1 && best < 0) best = static_cast<int>(p);
    }
    out_.best.push_back(best);
  }

  void add_policy(std::size_t p) {
    const double views = static_cast<double>(m_.views);
    double best = 0, acceptable = 0, sum = 0, errors = 0;
    std::size_t worst = 0;
    for (std::size_t v = 0; v < m_.views; ++v) {
      best += out_.rank[at(v, p)] == 1;
      acceptable += out_.acceptable[at(v, p)];
      sum += m_.gap[at(v, p)];
      errors += m_.gap_se[at(v, p)];
      if (m_.gap[at(v, p)] > m_.gap[at(worst, p)]) worst = v;
    }
    const double known = std::isnan(sum) ? kNaN : 1;
    out_.best_share.push_back(known * best / views);
    out_.acceptable_share.push_back(known * acceptable / views);
    out_.gap_max.push_back(known * m_.gap[at(worst, p)]);
    out_.gap_max_se.push_back(known * m_.gap_se[at(worst, p)]);
    out_.gap_mean.push_back(sum / views);
    out_.gap_mean_se.push_back(errors / views);
    out_.worst.push_back(worst);
  }

  void add_reversal(std::size_t p, std::size_t q) {
    Reversal found{p, q, {}, {}};
    for (std::size_t v = 0; v < m_.views; ++v) {
      const double better = better_by(v, p, q), clear = kHalfWidth * error(v, p, q);
      if (better > clear) found.first_better.push_back(v);
      if (-better > clear) found.second_better.push_back(v);
    }
    if (!found.first_better.empty() && !found.second_better.empty()) out_.reversals.push_back(std::move(found));
  }

  const MetricViews& m_;
  const double tolerance_;
  AcrossViews out_;
};

}  // namespace

AcrossViews across_views(const MetricViews& metric, double tolerance) { return Across(metric, tolerance).derive(); }

}  // namespace chokepoint
