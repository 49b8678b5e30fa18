// PAWN from counts of (fold, bin of the driver, slot of the outcome).
// SPDX-License-Identifier: Apache-2.0
#include "pawn.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "estimate.h"

namespace chokepoint {

namespace {

constexpr int kFolds = 8, kSlotsOfPlaces = kPawnPlaces + 1;

using Row = std::array<int, kSlotsOfPlaces>;  // counts by slot, or of this slot and below

void add(const Row& from, Row& to, int sign = 1) {
  for (int j = 0; j < kSlotsOfPlaces; ++j) to[j] += sign * from[j];
}

Row accumulated(Row row) {
  for (int j = 1; j < kSlotsOfPlaces; ++j) row[j] += row[j - 1];
  return row;
}

// Where the distribution of a bin is farthest from the whole, and on which side.
struct Place {
  int slot = 0;
  double sign = 1, distance = 0;
};

using Shares = std::array<double, kPawnPlaces>;  // of all values, in this slot and below

Shares shares(const Row& below) {
  Shares result;
  for (int j = 0; j < kPawnPlaces; ++j) result[j] = below[j] / static_cast<double>(std::max(1, below.back()));
  return result;
}

// In short loops: most of the time of PAWN is spent here.
Place farthest(const Row& bin, const Shares& whole) {
  const double of_bin = std::max(1, bin.back());
  Shares difference, distance;
  for (int j = 0; j < kPawnPlaces; ++j) difference[j] = bin[j] / of_bin - whole[j];
  for (int j = 0; j < kPawnPlaces; ++j) distance[j] = std::abs(difference[j]);
  double most = 0;
  for (const double x : distance) most = std::max(most, x);
  const auto slot = static_cast<int>(std::ranges::find(distance, most) - distance.begin());
  return {slot, difference[slot] < 0 ? -1.0 : 1.0, most};
}

struct Fold {
  std::array<Row, kPawnBins> counts{}, below;
  Row all{}, all_below;
};

// The distances in a fold at given places, and the variance of their sum by the influence function of the distribution functions.
struct Distances {
  std::array<double, kPawnBins> of_bin;
  double variance;
};
Distances measure(const Fold& fold, const std::array<Place, kPawnBins>& places) {
  const double n = fold.all_below.back();
  double own_share[kPawnBins], weight[kPawnBins];
  std::array<double, kSlotsOfPlaces> whole{};  // what a value in a slot adds by the distribution of all
  Distances result{};
  for (int b = 0; b < kPawnBins; ++b) {
    const int slot = places[b].slot;
    const double sign = places[b].sign;
    const double count = fold.below[b].back(), share = fold.all_below[slot] / n;
    own_share[b] = count > 0 ? fold.below[b][slot] / count : share;
    weight[b] = count > 0 ? sign * n / count : 0;
    result.of_bin[b] = sign * (own_share[b] - share);
    for (int j = 0; j < kSlotsOfPlaces; ++j) whole[j] += sign * ((j <= slot) - share);
  }
  std::array<double, kSlotsOfPlaces> squares{};
  for (int b = 0; b < kPawnBins; ++b)
    for (int j = 0; j < kSlotsOfPlaces; ++j) {
      const double psi = weight[b] * ((j <= places[b].slot) - own_share[b]) - whole[j];
      squares[j] += fold.counts[b][j] * psi * psi;
    }
  result.variance = std::accumulate(squares.begin(), squares.end(), 0.0) / (n * n);
  return result;
}

}  // namespace

std::vector<std::uint8_t> pawn_slots(const std::vector<float>& values) {
  std::vector<float> sorted = values;
  std::ranges::sort(sorted);
  std::array<float, kPawnPlaces> places;
  for (std::size_t k = 0; k < kPawnPlaces; ++k) places[k] = sorted[(k + 1) * sorted.size() / kSlotsOfPlaces];
  std::vector<std::uint8_t> slots;
  for (const float x : values) slots.push_back(static_cast<std::uint8_t>(std::ranges::lower_bound(places, x) - places.begin()));
  return slots;
}

Estimate pawn(const std::vector<std::uint8_t>& slots, const std::uint8_t* bins) {
  if (static_cast<double>(slots.size()) < kFewestPerBin * kPawnBins * kFolds) return {kNaN, kNaN};
  std::array<Fold, kFolds> folds{};
  for (std::size_t i = 0; i < slots.size(); ++i) ++folds[i % kFolds].counts[bins[i] * kPawnBins / kDriverBins][slots[i]];
  std::array<Row, kPawnBins> counts{};
  Row all{};
  for (Fold& fold : folds) {
    for (int b = 0; b < kPawnBins; ++b) {
      add(fold.counts[b], fold.all);
      add(fold.counts[b], counts[b]);
      fold.below[b] = accumulated(fold.counts[b]);
    }
    add(fold.all, all);
    fold.all_below = accumulated(fold.all);
  }
  const Row all_below = accumulated(all);
  std::array<Row, kPawnBins> below;
  for (int b = 0; b < kPawnBins; ++b) below[b] = accumulated(counts[b]);
  std::array<double, kPawnBins> distance{};
  double variance = 0;
  for (const Fold& fold : folds) {
    Row others = all_below;
    add(fold.all_below, others, -1);
    const Shares whole = shares(others);
    std::array<Place, kPawnBins> places;
    for (int b = 0; b < kPawnBins; ++b) {
      Row bin = below[b];
      add(fold.below[b], bin, -1);
      places[b] = farthest(bin, whole);
    }
    const Distances measured = measure(fold, places);
    for (int b = 0; b < kPawnBins; ++b) distance[b] += measured.of_bin[b] / kFolds;
    variance += measured.variance / (kFolds * kFolds);
  }
  // A place that was missed costs distance. To leading order the loss is a quarter of the difference from the distance at the place
  // that is best for all values: the mean of the maximum of a Brownian motion less a parabola is three times that of the parabola
  // there. Where nothing depends on the driver there is no place to miss, but folds that agree on one share their noise. What the
  // choice of places adds to the variance was measured (tests/host/test_sensitivity.cpp).
  constexpr double kLoss = 0.25, kShared = 1.1, kChosen = 0.25, kClear = 10;
  const double noise = variance / kPawnBins;
  const Shares whole = shares(all_below);
  double sum = 0, inflation = 0;
  for (int b = 0; b < kPawnBins; ++b) {
    const double unclear = 1 / (1 + distance[b] * distance[b] / (kClear * noise));
    sum += distance[b] + (1 - unclear) * kLoss * (farthest(below[b], whole).distance - distance[b]);
    inflation += (1 + kChosen + kShared * unclear) / kPawnBins;
  }
  return {sum / kPawnBins, std::sqrt(variance * inflation) / kPawnBins};
}

}  // namespace chokepoint
