// SPDX-License-Identifier: Apache-2.0
#include "sums.h"

#include <fmt/format.h>

#include <numeric>

#include "../run/plan.h"

namespace chokepoint {

namespace {

constexpr int kSharedExactly = 16;  // policies that can share a rank in whole kRankParts

class Sums {
 public:
  Sums(const Scenario& scenario, const Tallies& tallies)
      : s_(scenario), t_(tallies), shape_(tallies.shape), all_(static_cast<std::int64_t>(tallies.trajectories)) {}

  std::vector<std::string> wrong() {
    for (int p = 0; p < shape_.policies; ++p) {
      for (int m = 0; m < shape_.metrics; ++m)
        for (int r = 0; r < shape_.records; ++r) check_cell(p, m, r);
      for (int e = 0; e < shape_.events; ++e)
        expect(all_, sum(t_.event_steps, std::size_t(p) * shape_.events + e, std::size_t(shape_.steps) + 1),
               fmt::format("/accumulator/event_step_count, policy {}, event {}", name(p), event_names(s_)[e]));
    }
    const auto pieces = t_.joint.size() / (kJointSide * kJointSide);
    for (std::size_t i = 0; i < pieces; ++i) check_joint(i);
    for (int d = 0; d < shape_.drivers && shape_.times > 0; ++d)
      expect(all_, sum(t_.bin_counts, std::size_t(d), kDriverBins),
             fmt::format("/accumulator/bin_count, driver {}", s_.model->parameters[drivers(s_)[d]].key));
    for (int basis = 0; basis < shape_.bases(); ++basis)
      for (int d = 0; d < shape_.decisions; ++d)
        for (int p = 0; p < shape_.policies; ++p) check_ranks(basis, d, p);
    return std::move(wrong_);
  }

 private:
  static std::int64_t sum(const std::vector<std::int64_t>& counts, std::size_t number, std::size_t each) {
    const auto first = counts.begin() + static_cast<std::ptrdiff_t>(number * each);
    return std::accumulate(first, first + static_cast<std::ptrdiff_t>(each), std::int64_t{0});
  }

  const std::string& name(int policy) const { return s_.policies[policy].name; }

  void expect(std::int64_t wanted, std::int64_t found, const std::string& where) {
    if (found != wanted) wrong_.push_back(fmt::format("{}: adds up to {}, not {}", where, found, wanted));
  }

  void check_cell(int policy, int metric, int record) {
    const std::size_t cell = shape_.cell(policy, metric, record);
    const std::string key = s_.model->metrics[metric].key, at = fmt::format("policy {}, time {}", name(policy), record);
    expect(all_, sum(t_.slots, cell, kSlots), fmt::format("/histogram/{}_count, {}", key, at));
    expect(policy == s_.reference ? 0 : all_, sum(t_.differences, cell, kDifferenceSlots),
           fmt::format("/accumulator/{}_difference_count, {}", key, at));
  }

  // (pair, policy, record)
  void check_joint(std::size_t piece) {
    const std::size_t record = piece % shape_.records, policy = piece / shape_.records % shape_.policies;
    const JointPair& pair = s_.joint[piece / shape_.records / shape_.policies];
    expect(all_, sum(t_.joint, piece, kJointSide * kJointSide),
           fmt::format("/histogram/joint_{}_{}_count, policy {}, time {}", s_.model->metrics[pair.first].key,
                       s_.model->metrics[pair.second].key, name(static_cast<int>(policy)), record));
  }

  // A trajectory with a rank has a regret.
  void check_ranks(int basis, int decision, int policy) {
    if (shape_.policies > kSharedExactly) return;
    const std::size_t choice = shape_.choice(basis, decision, policy);
    const std::int64_t counted = sum(t_.regret, choice, kRegretSlots), parts = sum(t_.ranks, choice, std::size_t(shape_.policies));
    const char* const key = s_.model->metrics[decided_metrics(*s_.model)[decision]].key;
    expect(counted * kRankParts, parts,
           fmt::format("/accumulator/{}_rank_parts, policy {} (after /accumulator/{}_regret_count)", key, name(policy), key));
    const std::int64_t most = basis == 0 ? all_ : all_ / shape_.replicates;
    if (counted > most)
      wrong_.push_back(
          fmt::format("/accumulator/{}_regret_count, policy {}: adds up to {}, more than {}", key, name(policy), counted, most));
  }

  const Scenario& s_;
  const Tallies& t_;
  const Shape& shape_;
  const std::int64_t all_;
  std::vector<std::string> wrong_;
};

}  // namespace

std::vector<std::string> wrong_sums(const Scenario& scenario, const Tallies& tallies) { return Sums(scenario, tallies).wrong(); }

}  // namespace chokepoint
