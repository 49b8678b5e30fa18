// Scenario discovery: for which parameters is a trajectory interesting? Learnt from some trajectories, counted on others.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cart.h"
#include "prim.h"
#include "rerun.h"

namespace chokepoint {

struct DiscoverOptions {
  std::string when, policy, against;  // policy empty: the reference; against empty: none
  std::uint64_t trajectories = 0;     // to run again, one half to learn and one half to count; 0: the stored sample, halved
  int boxes = 2;                      // at most
  int resamples = 100;
  PrimOptions prim;
  TreeOptions tree;
};

// Trajectories, and those that are interesting among them.
struct Counts {
  std::uint64_t trajectories = 0, interesting = 0;
  double density() const { return trajectories ? static_cast<double>(interesting) / static_cast<double>(trajectories) : 0; }
  void add(bool is_interesting) { ++trajectories, interesting += is_interesting; }
};

// A share with its 95 % interval.
struct Share {
  double value, low, high;
};

// `part` of `all` trajectories, by share_interval() of estimate.h. With several trajectories in a world both are divided by
// `replicates`: worlds are independent, trajectories of one are not.
Share share_of(std::uint64_t part, std::uint64_t all, std::uint64_t replicates);

// Probability that at least `inside.interesting` of `inside.trajectories` draws are interesting if the box without one of its
// restrictions says how dense they are: Bryant and Lempert (2010), section 3.3.
double quasi_p(const Counts& inside, const Counts& without, std::uint64_t replicates);

// Probability of so great a difference between the box and what one of its restrictions removes from `without`, if both were
// equally dense: p_of_gain().
double removal_p(const Counts& inside, const Counts& without, std::uint64_t replicates);

// A bounded sample of trajectories for learning: of the interesting ones and of the others those whose numbers have the
// smallest hashes. A function of which trajectories were offered, not of their order; each class is a simple random sample
// (case-control sampling: Breslow, Journal of the American Statistical Association 91, 1996; bottom-k: Cohen and Kaplan, 2007).
class CaseControl {
 public:
  CaseControl(std::size_t most_of_each, std::vector<int> parameters);  // numbers of those to learn from
  void offer(const Facts& facts);
  Counts offered() const { return {offered_[0] + offered_[1], offered_[1]}; }
  // By number of trajectory; weights make up for what was left out.
  LabelledPoints points(std::uint64_t replicates);

 private:
  struct Kept {
    std::uint64_t hash, trajectory;
    std::vector<float> values;
  };
  void shrink(int kind);

  std::size_t most_;
  std::vector<int> parameters_;
  std::vector<Kept> kept_[2];  // others, interesting
  std::uint64_t offered_[2] = {}, limit_[2];
};

struct FoundBox {
  PrimBox learnt;
  std::vector<EdgeBounds> bounds;  // (edge)
  // Counted on trajectories that were not learnt from, outside earlier boxes:
  Counts inside;
  std::vector<Counts> without;  // (restricted dimension) in the box without that restriction
  Counts left;                  // all that earlier boxes left
};

struct Discovery {
  Question question;
  std::vector<int> parameters;  // number of each dimension
  Counts learning, counting;    // trajectories seen
  std::size_t points = 0;       // learnt from
  std::vector<FoundBox> boxes;
  Counts together;  // in any box
  Tree tree;
  std::vector<Counts> leaves;  // (node) of leaves, counted
  std::string device;          // empty: nothing was run again
  std::uint64_t replicates = 1;
};

// Throws UserError for unknown policies, metrics and events. `progress(done, all)` hears of trajectories run.
Discovery discover(const StoredRun& stored, const DiscoverOptions& options, const DeviceOptions& device,
                   const std::function<void(std::uint64_t, std::uint64_t)>& progress);

// True if the box is denser than what is left outside it, by the 95 % interval of what was counted.
bool is_told_apart(const FoundBox& box, std::uint64_t replicates);

}  // namespace chokepoint
