// Small runs of functions of uniforms, tallied by a plain loop: what a back end does, for tests of what is made of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "../../host/run/plan.h"
#include "../../host/scenario.h"
#include "../../kernels/random.h"
#include "../../kernels/tally.h"

namespace chokepoint {

// The value of a policy from the uniforms of the world and those of chance.
using Response = std::function<double(int policy, const double* world, const double* chance)>;

inline double normal_at(double u) { return static_cast<double>(normal_quantile(Pack<1>::of(static_cast<float>(u))).v); }

class SmallRun {
 public:
  static constexpr int kMetric = 0;  // `value` of the brownian model: higher is better, units of 2^-20

  SmallRun(int policies, int drivers, int replicates = 1) {
    s.model = find_model("brownian");
    s.years = 1;
    s.record_every_months = 12;
    s.replicates = static_cast<unsigned>(replicates);
    s.sensitivity_records = {0};
    s.policies.resize(static_cast<std::size_t>(policies));
    s.parameters.resize(static_cast<std::size_t>(drivers));
    for (int p = 0; p < policies; ++p) s.policies[p].name = "policy_" + std::to_string(p);
    for (ParameterSetting& parameter : s.parameters) parameter.prior.kind = Prior::Kind::kUniform;
  }

  // Trajectories of whole worlds; what is there before is forgotten.
  void run(std::uint64_t seed, int worlds, const Response& response) {
    shape = shape_of(s);
    tallies.emplace(shape);
    sample.emplace(shape, 0);
    const int replicates = shape.replicates;
    std::vector<double> world, chance, values(std::size_t(shape.policies) * replicates);
    for (int w = 0; w < worlds; ++w) {
      draw(seed, Purpose::kWorlds, w, shape.drivers, world);
      for (int r = 0; r < replicates; ++r) {
        draw(seed, Purpose::kChance, w * replicates + r, kChances, chance);
        for (int p = 0; p < shape.policies; ++p) values[p * replicates + r] = response(p, world.data(), chance.data());
      }
      add(world, values);
    }
  }

  Scenario s;
  Shape shape{};
  std::optional<Tallies> tallies;
  std::optional<Sample> sample;

 private:
  static constexpr int kChances = 4;

  static void draw(std::uint64_t seed, Purpose purpose, int index, int count, std::vector<double>& u) {
    u.clear();
    for (std::uint32_t block = 0; static_cast<int>(u.size()) < count; ++block) {
      const Block<1> words = draw_block<1>(seed, purpose, {Bits<1>(static_cast<std::uint32_t>(index)), Bits<1>(0u)}, 0, block);
      for (const Bits<1>& word : words.word) u.push_back(static_cast<double>(uniform(word).v));
    }
  }

  static void add_to(CellSums& cell, double x) {
    const auto units = static_cast<std::int64_t>(std::llround(x * 0x1p20));
    cell.units += units;
    cell.squares += static_cast<UnsignedWide>(static_cast<Wide>(units) * units);
    cell.least = std::min(cell.least, static_cast<float>(x));
    cell.greatest = std::max(cell.greatest, static_cast<float>(x));
  }

  void add(const std::vector<double>& world, const std::vector<double>& values) {
    const int replicates = shape.replicates;
    for (int p = 0; p < shape.policies; ++p) {
      const std::size_t cell = shape.cell(p, kMetric, 0), output = shape.output(p, 0, kMetric);
      double mean = 0;
      for (int r = 0; r < replicates; ++r) {
        const double x = values[p * replicates + r];
        mean += x / replicates;
        add_to(tallies->sums[cell], x);
        if (p != s.reference) add_to(tallies->difference_sums[cell], x - values[s.reference * replicates + r]);
        for (int d = 0; d < shape.drivers; ++d)
          tallies->bin_sums[(output * shape.drivers + d) * kDriverBins + bin(world[d])] += std::llround(x * 0x1p20);
        if (tallies->trajectories + r < Sample::kProbe)
          sample->probe[output * Sample::kProbe + tallies->trajectories + r] = static_cast<float>(x);
      }
      if (replicates > 1) add_to(tallies->world_sums[output], mean);
    }
    for (int r = 0; r < replicates; ++r) add_regret(values, r);
    for (int d = 0; d < shape.drivers; ++d) {
      tallies->bin_counts[d * kDriverBins + bin(world[d])] += replicates;
      for (int r = 0; r < replicates; ++r)
        if (tallies->trajectories + r < Sample::kProbe)
          sample->probe_bins[d * Sample::kProbe + tallies->trajectories + r] = static_cast<std::uint8_t>(bin(world[d]));
    }
    tallies->trajectories += replicates;
  }

  void add_regret(const std::vector<double>& values, int r) {
    double best = values[r];
    for (int p = 1; p < shape.policies; ++p) best = std::max(best, values[p * shape.replicates + r]);
    for (int p = 0; p < shape.policies; ++p) add_to(tallies->regret_sums[shape.choice(0, 0, p)], best - values[p * shape.replicates + r]);
  }

  static int bin(double u) { return static_cast<int>(u * kDriverBins); }
};

// How often 95 % intervals held the true value, and what the estimates were on average.
struct Coverage {
  int runs = 0, covered = 0;
  double sum = 0, squares = 0, errors = 0;
  void add(double value, double standard_error, double truth) {
    ++runs;
    covered += std::abs(value - truth) <= 1.959963984540054 * standard_error;
    sum += value - truth;
    squares += (value - truth) * (value - truth);
    errors += standard_error;
  }
  double share() const { return static_cast<double>(covered) / runs; }
  double bias() const { return sum / runs; }
  double spread() const { return std::sqrt(squares / runs - bias() * bias()); }
  double mean_error() const { return errors / runs; }
};

}  // namespace chokepoint
