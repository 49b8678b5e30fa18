// SPDX-License-Identifier: Apache-2.0
#include "total_indices.h"

#include <algorithm>
#include <cmath>

namespace chokepoint {

namespace {

constexpr std::size_t kPiece = 512, kPartial = 8;  // worlds taken together; partial sums, so that compilers use vectors
static_assert(kPiece % kPartial == 0);

// The order of the additions is written down: it does not depend on the processor.
double dot(const double* x, const double* y, std::size_t count) {
  double partial[kPartial] = {};
  for (std::size_t i = 0; i < count; i += kPartial)
    for (std::size_t l = 0; l < kPartial; ++l) partial[l] += x[i + l] * y[i + l];
  double sum = 0;
  for (const double p : partial) sum += p;
  return sum;
}

double total(const double* x, std::size_t count) {
  double partial[kPartial] = {};
  for (std::size_t i = 0; i < count; i += kPartial)
    for (std::size_t l = 0; l < kPartial; ++l) partial[l] += x[i + l];
  double sum = 0;
  for (const double p : partial) sum += p;
  return sum;
}

}  // namespace

// Terms of up to kPiece worlds, filled up with zeros to whole vectors.
struct IndexSums::Columns {
  double term[kTerms][kPiece];
  std::size_t size = 0;

  void fill(std::span<const double> a, std::span<const double> b, const double* c) {
    const std::size_t count = a.size();
    for (std::size_t i = 0; i < count; ++i) {
      term[kA][i] = a[i];
      term[kB][i] = b[i];
      term[kAA][i] = a[i] * a[i];
      term[kBB][i] = b[i] * b[i];
      term[kAB][i] = a[i] * b[i];
    }
    for (std::size_t i = 0; c && i < count; ++i) {
      const double step = c[i] - a[i];
      term[kStep][i] = step;
      term[kHalfSquare][i] = step * step / 2;
      term[kSquareStep][i] = step * (c[i] + a[i]) / 2;
      term[kProductStep][i] = b[i] * step;
    }
    size = (count + kPartial - 1) / kPartial * kPartial;
    for (int t = c ? 0 : int{kA}; t < kTerms; ++t) std::fill(term[t] + count, term[t] + size, 0.0);
  }
};

IndexSums::IndexSums(int factors) : factors_(static_cast<std::size_t>(factors)) {}

void IndexSums::add_base(std::span<const double> a, std::span<const double> b) {
  Columns columns;
  for (std::size_t at = 0; at < a.size(); at += kPiece) {
    const std::size_t count = std::min(kPiece, a.size() - at);
    columns.fill(a.subspan(at, count), b.subspan(at, count), nullptr);
    for (int t = kA; t < kTerms; ++t) {
      base_sum_[t] += chokepoint::total(columns.term[t], columns.size);
      for (int u = t; u < kTerms; ++u) base_products_[t][u] += dot(columns.term[t], columns.term[u], columns.size);
    }
  }
  worlds_ += static_cast<double>(a.size());
}

void IndexSums::add(int factor, std::span<const double> a, std::span<const double> b, std::span<const double> c) {
  Columns columns;
  FactorSums& sums = factors_[factor];
  for (std::size_t at = 0; at < a.size(); at += kPiece) {
    const std::size_t count = std::min(kPiece, a.size() - at);
    columns.fill(a.subspan(at, count), b.subspan(at, count), c.data() + at);
    for (int t = 0; t < kTerms; ++t) {
      const double sum = chokepoint::total(columns.term[t], columns.size);
      sums.section[t] += sum;
      if (t < kOfFactor) sums.sum[t] += sum;
    }
    for (int t = 0; t < kOfFactor; ++t)
      for (int u = t; u < kTerms; ++u) sums.products[t][u] += dot(columns.term[t], columns.term[u], columns.size);
  }
  sums.section_worlds += static_cast<double>(a.size());
}

void IndexSums::end_section(int factor) {
  FactorSums& sums = factors_[factor];
  for (double& sum : sums.section) sum /= sums.section_worlds;
  section_first_order_[sums.sections++] += first_order_of(sums.section);
  sums.section = {};
  sums.section_worlds = 0;
}

IndexSums::Row IndexSums::means(int factor) const {
  Row mean = base_sum_;
  std::copy(factors_[factor].sum.begin(), factors_[factor].sum.end(), mean.begin());
  for (double& m : mean) m /= worlds_;
  return mean;
}

IndexSums::Pair IndexSums::pair_b_a(const Row& mean) {
  const double centre = (mean[kA] + mean[kB]) / 2, variance = (mean[kAA] + mean[kBB]) / 2 - centre * centre;
  return {centre, variance, (mean[kAB] - centre * centre) / variance};
}

// As pair_b_a, bit by bit, where A_k is A.
IndexSums::Pair IndexSums::pair_b_c(const Row& mean) {
  const double centre = (mean[kA] + mean[kB] + mean[kStep]) / 2;
  const double variance = (mean[kAA] + mean[kBB]) / 2 + mean[kSquareStep] - centre * centre;
  return {centre, variance, (mean[kAB] + mean[kProductStep] - centre * centre) / variance};
}

// The influence function of 1 - r(x, y): ((x - y)^2 / 2 - T ((x - m)^2 + (y - m)^2) / 2) / V, without its constant.
double IndexSums::total_of(const Row& mean, Row* influence) {
  const double centre = mean[kA] + mean[kStep] / 2, variance = mean[kAA] + mean[kSquareStep] - centre * centre;
  const double total = mean[kHalfSquare] / variance;
  if (!influence) return total;
  Row& g = *influence = {};
  g[kHalfSquare] = 1 / variance;
  g[kSquareStep] = g[kAA] = -total / variance;
  g[kA] = 2 * total * centre / variance;
  g[kStep] = total * centre / variance;
  return total;
}

// That of r(x, y): ((x - m)(y - m) - r ((x - m)^2 + (y - m)^2) / 2) / V.
double IndexSums::first_order_of(const Row& mean, Row* influence) {
  const Pair c = pair_b_c(mean), a = pair_b_a(mean);
  const double weight = 1 - total_of(mean);
  if (influence) {
    Row& g = *influence = {};
    g[kProductStep] = 1 / c.variance;
    g[kSquareStep] = -c.correlation / c.variance;
    g[kStep] = -c.mean * (1 - c.correlation) / c.variance;
    g[kAB] = 1 / c.variance - weight / a.variance;
    g[kAA] = g[kBB] = -c.correlation / 2 / c.variance + weight * a.correlation / 2 / a.variance;
    g[kA] = g[kB] = -c.mean * (1 - c.correlation) / c.variance + weight * a.mean * (1 - a.correlation) / a.variance;
  }
  return c.correlation - weight * a.correlation;
}

Estimate IndexSums::with_error(int factor, const Row& mean, double value, const Row& influence) const {
  double variance = 0;
  for (int t = 0; t < kTerms; ++t)
    for (int u = t; u < kTerms; ++u) {
      const double product = t < kOfFactor ? factors_[factor].products[t][u] : base_products_[t][u];
      variance += (t == u ? 1 : 2) * influence[t] * influence[u] * (product / worlds_ - mean[t] * mean[u]);
    }
  return {value, std::isnan(variance) ? variance : std::sqrt(std::max(0.0, variance) / (worlds_ - 1))};
}

Estimate IndexSums::variance() const {
  const Row mean = means(0);
  const Pair pair = pair_b_a(mean);
  Row influence{};
  influence[kAA] = influence[kBB] = 0.5;
  influence[kA] = influence[kB] = -pair.mean;
  return with_error(0, mean, pair.variance * 2 * worlds_ / (2 * worlds_ - 1), influence);
}

Estimate IndexSums::total(int factor) const {
  const Row mean = means(factor);
  Row influence;
  const double value = total_of(mean, &influence);
  return with_error(factor, mean, value, influence);
}

Estimate IndexSums::first_order(int factor) const {
  const Row mean = means(factor);
  Row influence;
  const double value = first_order_of(mean, &influence);
  return with_error(factor, mean, value, influence);
}

Estimate IndexSums::first_order_sum() const {
  double sum = 0, mean = 0, squares = 0;
  for (std::size_t k = 0; k < factors_.size(); ++k) sum += first_order_of(means(static_cast<int>(k)));
  for (const double section : section_first_order_) mean += section / kSections;
  for (const double section : section_first_order_) squares += (section - mean) * (section - mean);
  return {sum, std::sqrt(squares / (kSections - 1) / kSections)};
}

}  // namespace chokepoint
