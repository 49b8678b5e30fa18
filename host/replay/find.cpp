// SPDX-License-Identifier: Apache-2.0
#include "find.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../config/toml_tools.h"
#include "../errors.h"
#include "../run/plan.h"
#include "replay.h"

namespace chokepoint {

namespace {

constexpr std::size_t kMostCandidates = 1'000'000;  // later ones are counted, but not suggested

// Trajectories that meet the condition, and how their metrics end.
struct Candidates {
  std::size_t policies, metrics;
  std::vector<std::uint64_t> numbers;
  std::vector<std::vector<float>> values;  // (policy, metric) of each

  std::size_t size() const { return numbers.size(); }
  float value(std::size_t i, std::size_t policy, std::size_t metric) const { return values[i][policy * metrics + metric]; }
};

void take(const Facts& facts, Findings& found, Candidates& candidates) {
  const Question& question = found.question;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    found.counts.add(facts.interesting[i]);
    if (!facts.interesting[i] || candidates.size() == kMostCandidates) continue;
    candidates.numbers.push_back(facts.first + i);
    std::vector<float>& values = candidates.values.emplace_back();
    for (std::size_t p = 0; p < candidates.policies; ++p)
      for (std::size_t m = 0; m < candidates.metrics; ++m) values.push_back(facts.metric(question, p, m, i));
  }
}

// Ranks as shares between 0 and 1, ties sharing theirs; NaN for what is not finite.
std::vector<double> rank_shares(const std::vector<float>& values) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (std::isfinite(values[i])) order.push_back(i);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return values[i]; });
  std::vector<double> shares(values.size(), std::nan(""));
  for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    for (std::size_t k = first; k < end; ++k) shares[order[k]] = static_cast<double>(first + end) / 2 / static_cast<double>(order.size());
  }
  return shares;
}

// Candidates by rising score, those without one left out; of equal ones the lower number first.
std::vector<std::size_t> by_score(const std::vector<double>& scores) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (std::isfinite(scores[i])) order.push_back(i);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return scores[i]; });
  return order;
}

// "", " 2nd", " 3rd", " 4th": before "lowest".
std::string ordinal(std::size_t place) {
  const std::size_t n = place + 1;
  if (n == 1) return "";
  const bool teen = n % 100 / 10 == 1;
  return fmt::format(" {}{}", n, teen ? "th" : n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th");
}

class Suggester {
 public:
  Suggester(const Scenario& s, const FindOptions& options, std::size_t metric, const Candidates& candidates, Findings& found)
      : s_(s), options_(options), metric_(metric), candidates_(candidates), found_(found) {}

  void add(std::string_view like) {
    if (like == "typical") add_typical();
    if (like == "median") add_median();
    if (like == "extreme") add_extremes();
    if (like == "different") add_different();
  }

 private:
  std::vector<float> column(std::size_t policy, std::size_t metric) const {
    std::vector<float> values;
    for (std::size_t i = 0; i < candidates_.size(); ++i) values.push_back(candidates_.value(i, policy, metric));
    return values;
  }

  // The place nearest to the medians of all metrics at once, under both policies.
  void add_typical() {
    std::vector<double> squares(candidates_.size());
    const std::size_t columns = candidates_.policies * candidates_.metrics;
    for (std::size_t p = 0; p < candidates_.policies; ++p)
      for (std::size_t m = 0; m < candidates_.metrics; ++m) {
        const std::vector<double> shares = rank_shares(column(p, m));
        for (std::size_t i = 0; i < squares.size(); ++i) squares[i] += (shares[i] - 0.5) * (shares[i] - 0.5);
      }
    suggest("typical", by_score(squares), [&](std::size_t i, std::size_t) {
      return fmt::format("nearest to the medians of {} under {} at once: {:.1f} % of the ranks away", metric_names(), policy_names(),
                         100 * std::sqrt(squares[i] / static_cast<double>(columns)));
    });
  }

  void add_median() {
    std::vector<double> scores = rank_shares(column(0, metric_));
    for (double& share : scores) share = std::abs(share - 0.5);
    suggest("median", by_score(scores), [&](std::size_t i, std::size_t place) {
      return fmt::format("{} ends {} the median of {}: {}", key(), place == 0 ? "at" : "near",
                         options_.when.empty() ? "all" : "those that meet the condition", number(i, 0));
    });
  }

  void add_extremes() {
    std::vector<double> scores;
    for (const float value : column(0, metric_)) scores.push_back(static_cast<double>(value));
    std::vector<std::size_t> order = by_score(scores);
    suggest("extreme", order, [&](std::size_t i, std::size_t place) {
      return fmt::format("the{} lowest {} at the end: {}", ordinal(place), key(), number(i, 0));
    });
    std::ranges::reverse(order);
    suggest("extreme", order, [&](std::size_t i, std::size_t place) {
      return fmt::format("the{} highest {} at the end: {}", ordinal(place), key(), number(i, 0));
    });
  }

  void add_different() {
    if (candidates_.policies < 2) return;
    const std::vector<float> first = column(0, metric_), second = column(1, metric_);
    std::vector<double> scores;
    for (std::size_t i = 0; i < first.size(); ++i)
      scores.push_back(-std::abs(static_cast<double>(first[i]) - static_cast<double>(second[i])));
    suggest("different", by_score(scores), [&](std::size_t i, std::size_t place) {
      return fmt::format("the{} largest difference of {} at the end: {} under {}, {} under {}", ordinal(place), key(), number(i, 0),
                         policy(0), number(i, 1), policy(1));
    });
  }

  template <class Why>
  void suggest(const char* like, const std::vector<std::size_t>& order, Why&& why) {
    for (std::size_t k = 0; k < std::min(order.size(), static_cast<std::size_t>(options_.count)); ++k)
      found_.suggestions.push_back({like, candidates_.numbers[order[k]], why(order[k], k), candidates_.values[order[k]]});
  }

  const MetricRow& row() const { return s_.model->metrics[found_.question.metrics[metric_]]; }
  const char* key() const { return row().key; }
  const std::string& policy(std::size_t p) const { return s_.policies[p == 0 ? found_.question.policy : found_.question.against].name; }
  std::string policy_names() const { return candidates_.policies < 2 ? policy(0) : fmt::format("{} and {}", policy(0), policy(1)); }
  std::string metric_names() const {
    std::vector<std::string> names;
    for (const int m : found_.question.metrics) names.emplace_back(s_.model->metrics[m].key);
    return fmt::format("{}", fmt::join(names, ", "));
  }
  std::string number(std::size_t i, std::size_t policy) const {
    return fmt::format("{:.4g}{}", candidates_.value(i, policy, metric_),
                       row().unit == std::string("1") ? "" : fmt::format(" {}", row().unit));
  }

  const Scenario& s_;
  const FindOptions& options_;
  std::size_t metric_;
  const Candidates& candidates_;
  Findings& found_;
};

Question question_of(const StoredRun& stored, const FindOptions& options) {
  const Scenario& s = stored.scenario();
  Question question;
  if (!options.when.empty()) question.when = parse_when(options.when, s);
  question.metrics = options.metrics;
  const std::vector<int> usual = default_policies(s, &stored.result(), question.metrics);
  question.policy = options.policy.empty() ? s.reference : policy_number(s, options.policy, "--policy");
  question.of_difference = !options.against.empty();
  if (question.of_difference)
    question.against = policy_number(s, options.against, "--against");
  else if (usual.size() > 1)
    question.against = question.policy == s.reference ? usual[1] : s.reference;
  if (question.against == question.policy)
    throw UserError(fmt::format("--against {}: the same as the policy that is asked about; name another", options.against));
  return question;
}

// The place of the metric among those of the question, which it joins if it is not there.
std::size_t place_of(int metric, Question& question) {
  if (metric < 0) return 0;
  const auto found = std::ranges::find(question.metrics, metric);
  const auto place = static_cast<std::size_t>(found - question.metrics.begin());
  if (found == question.metrics.end()) question.metrics.push_back(metric);
  return place;
}

void check(const StoredRun& stored, const FindOptions& options) {
  if (!options.like.empty() && std::ranges::find(kLikes, options.like) == std::end(kLikes))
    throw UserError(fmt::format("--like {}: not one of {}", options.like, fmt::join(kLikes, ", ")));
  if (options.trajectories > stored.trajectories())
    throw UserError(fmt::format("--trajectories {}: the run has {}", options.trajectories, stored.trajectories()));
  if (options.trajectories == 0 && stored.kept() == 0)
    throw UserError(
        fmt::format("{}: stores no trajectories (run.keep = 0). Give --trajectories N to run some of them again.", stored.path()));
  if (options.like == "different" && stored.scenario().policies.size() < 2)
    throw UserError("--like different: the scenario has one policy only");
}

[[noreturn]] void refuse_empty(const StoredRun& stored, const FindOptions& options, const Findings& found) {
  const double most = 100 * share_of(0, found.counts.trajectories, stored.scenario().replicates).high;
  const bool more = found.counts.trajectories < stored.trajectories();
  throw UserError(fmt::format("--when '{}': none of the {} {} trajectories meets it; at 95 %, fewer than {:.2g} % do. {}", options.when,
                              found.counts.trajectories, options.trajectories > 0 ? "first" : "stored", most,
                              more ? fmt::format("Look among more with --trajectories N, up to {}.", stored.trajectories())
                                   : "Ask for something that is less rare."));
}

}  // namespace

Findings find(const StoredRun& stored, const FindOptions& options, const DeviceOptions& device,
              const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  check(stored, options);
  Findings found;
  found.question = question_of(stored, options);
  const std::size_t metric = place_of(options.metric, found.question);
  Candidates candidates{found.question.policies(), found.question.metrics.size(), {}, {}};
  if (options.trajectories == 0) {
    take(stored_facts(stored, found.question), found, candidates);
  } else {
    Rerun rerun(stored, found.question, device);
    found.device = rerun.device();
    const std::uint64_t replicates = stored.scenario().replicates, all = (options.trajectories + replicates - 1) / replicates * replicates;
    for (std::uint64_t done = 0; done < all;) {
      const std::uint64_t size = std::min(rerun.together(), all - done);
      take(rerun.run(done, size), found, candidates);
      progress(done += size, all);
    }
  }
  if (candidates.size() == 0) refuse_empty(stored, options, found);
  Suggester suggester(stored.scenario(), options, metric, candidates, found);
  for (const char* like : kLikes)
    if (options.like.empty() || options.like == like) suggester.add(like);
  return found;
}

}  // namespace chokepoint
