// From a scenario to kernel plans: distributions to tables, policies to batches.
// SPDX-License-Identifier: Apache-2.0
#include "plan.h"

#include <algorithm>
#include <bit>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numbers>

#include "../config/distribution_config.h"
#include "../errors.h"
#include "../statistics/statistics.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace chokepoint {

namespace {

using Kind = Prior::Kind;
using Normal = boost::math::normal_distribution<double>;
using Beta = boost::math::beta_distribution<double>;

// Beta laws have no quantile in closed form: they are tabled at this many normal quantiles.
constexpr int kTableKnots = 513;
constexpr double kTableEnd = 5.5;

// A law with four shape parameters (alpha, beta, low, high); PERT is the beta law with
// alpha = 1 + 4 (mode - low) / (high - low) and mean (low + 4 mode + high) / 6 (Malcolm et al., 1959).
struct ScaledBeta {
  double alpha, beta, low, high;
};
ScaledBeta scaled_beta(const Prior& prior) {
  const auto& v = prior.values;
  if (prior.kind == Kind::kBeta) return {v[0], v[1], v[2], v[3]};
  const double rise = 4 * (v[1] - v[0]) / (v[2] - v[0]);
  return {1 + rise, 5 - rise, v[0], v[2]};
}

// Writes distributions and their knots into the job's plan.
class DistributionWriter {
 public:
  DistributionWriter(KernelPlan& plan, std::vector<float>& knots) : plan_(plan), knots_(knots), next_(plan.parameters) {}

  void write(int parameter, const ParameterRow& row, const Prior& prior) {
    Distribution& d = plan_.distribution[parameter];
    if (prior.kind == Kind::kMixture) {
      d = empty();
      d.law = Law::kMixture;
      d.first = next_;
      d.count = static_cast<int>(prior.parts.size());
      double weight = 0;
      for (std::size_t k = 0; k < prior.parts.size(); ++k) {
        if (next_ == kMaxDistributions)
          throw UserError(fmt::format("parameters.{}: the mixtures of all parameters together may have {} components; use fewer", row.key,
                                      kMaxDistributions - plan_.parameters));
        plan_.distribution[next_] = simple(prior.parts[k]);
        plan_.distribution[next_++].weight = static_cast<float>(weight += prior.weights[k]);
      }
    } else {
      d = simple(prior);
    }
    d.low = row.range.low;
    d.high = row.range.high;
    d.address = draw_address(row.key);
    d.correlated = -1;
  }

 private:
  static Distribution empty() {
    Distribution d{};
    d.span = 1;
    d.correlated = -1;
    return d;
  }

  Distribution simple(const Prior& prior) {
    if (prior.kind != Kind::kTruncated) return law(prior);
    Distribution d = law(prior.parts[0]);
    const double from = probability_below(prior.parts[0], prior.values[0]), to = probability_below(prior.parts[0], prior.values[1]);
    d.from = static_cast<float>(from);
    d.span = static_cast<float>(to - from);
    return d;
  }

  Distribution law(const Prior& prior) {
    Distribution d = empty();
    const auto& v = prior.values;
    const auto set = [&](Law law, double a, double b = 0, double c = 0) {
      d.law = law;
      d.a = static_cast<float>(a);
      d.b = static_cast<float>(b);
      d.c = static_cast<float>(c);
    };
    switch (prior.kind) {
      case Kind::kNormal:
        set(Law::kNormal, v[0], v[1]);
        break;
      case Kind::kLognormal:
        set(Law::kLognormal, v[0], v[1]);
        break;
      case Kind::kUniform:
        set(Law::kUniform, v[0], v[1] - v[0]);
        break;
      case Kind::kTriangular:
        set(Law::kTriangular, v[0], v[1], v[2]);
        break;
      case Kind::kChoice:
        set(Law::kChoice, 0);
        add_pairs(d, prior, true);
        break;
      case Kind::kTable:
        set(Law::kTable, 0);
        add_pairs(d, prior, false);
        break;
      case Kind::kBeta:
      case Kind::kPert:
        set(Law::kNormalTable, -kTableEnd, kTableEnd);
        add_beta(d, scaled_beta(prior));
        break;
      default:
        set(Law::kConstant, v[0]);
    }
    return d;
  }

  void add_pairs(Distribution& d, const Prior& prior, bool accumulate) {
    d.first = static_cast<int>(knots_.size());
    d.count = static_cast<int>(prior.values.size());
    double probability = 0;
    for (std::size_t k = 0; k < prior.values.size(); ++k) {
      probability = accumulate ? probability + prior.weights[k] : prior.weights[k];
      knots_.push_back(static_cast<float>(probability));
      knots_.push_back(static_cast<float>(prior.values[k]));
    }
  }

  void add_beta(Distribution& d, const ScaledBeta& b) {
    d.first = static_cast<int>(knots_.size());
    d.count = kTableKnots;
    for (int k = 0; k < kTableKnots; ++k) {
      const double z = -kTableEnd + 2 * kTableEnd * k / (kTableKnots - 1);
      const double x = z < 0 ? quantile(Beta(b.alpha, b.beta), cdf(Normal(), z))
                             : quantile(complement(Beta(b.alpha, b.beta), cdf(complement(Normal(), z))));
      knots_.push_back(static_cast<float>(b.low + (b.high - b.low) * x));
    }
  }

  KernelPlan& plan_;
  std::vector<float>& knots_;
  int next_;
};

// The lower Cholesky factor of the copula's correlations; rank to linear by r = 2 sin(pi rank / 6).
void write_correlations(const Scenario& scenario, KernelPlan& plan) {
  const auto row_of = [&](int parameter) {
    Distribution& d = plan.distribution[parameter];
    if (d.correlated < 0) plan.correlated_parameter[d.correlated = plan.correlated++] = parameter;
    return d.correlated;
  };
  for (const Correlation& c : scenario.correlations) row_of(c.first), row_of(c.second);
  const int n = plan.correlated;
  std::vector<double> matrix(n * n), factor(n * n);
  for (int i = 0; i < n; ++i) matrix[i * n + i] = 1;
  for (const Correlation& c : scenario.correlations) {
    const int i = row_of(c.first), j = row_of(c.second);
    matrix[i * n + j] = matrix[j * n + i] = 2 * std::sin(std::numbers::pi / 6 * c.rank);
  }
  for (int i = 0; i < n; ++i)
    for (int j = 0; j <= i; ++j) {
      double rest = matrix[i * n + j];
      for (int k = 0; k < j; ++k) rest -= factor[i * n + k] * factor[j * n + k];
      factor[i * n + j] = i == j ? std::sqrt(rest) : rest / factor[j * n + j];
      plan.correlation_factor[i * (i + 1) / 2 + j] = static_cast<float>(factor[i * n + j]);
    }
}

Binning binning_of(const MetricRow& m) {
  const double low = to_bin_scale(m, double(m.low)), high = to_bin_scale(m, double(m.high));
  return {m.scale, m.scale == Scale::kSignedLog ? 1 / m.knee : 0, static_cast<float>(low), static_cast<float>(kBins / (high - low)),
          std::ldexp(1.0f, -m.log2_unit)};
}

// What all batches share.
KernelPlan common_plan(const Scenario& s, const Shape& shape, std::vector<float>& knots) {
  KernelPlan plan{};
  plan.seed_worlds = s.seed_worlds;
  plan.seed_chance = s.seed_chance;
  plan.replicates = s.replicates;
  plan.keep = s.keep;
  plan.steps = shape.steps;
  plan.record_every = s.record_every_months;
  plan.records = shape.records;
  plan.start_month = s.start_month - 1;
  plan.parameters = shape.parameters;
  plan.metrics = shape.metrics;
  plan.events = shape.events;
  plan.joints = shape.joints;
  plan.resampled = kNothing;
  std::copy(s.joint.begin(), s.joint.end(), plan.joint);
  for (int m = 0; m < shape.metrics; ++m) plan.binning[m] = binning_of(s.model->metrics[m]);
  DistributionWriter writer(plan, knots);
  for (int i = 0; i < shape.parameters; ++i) writer.write(i, s.model->parameters[i], s.parameters[i].prior);
  write_correlations(s, plan);
  return plan;
}

AnalysisPlan analysis_plan(const Scenario& s, const Shape& shape) {
  AnalysisPlan plan{};
  plan.policies = shape.policies;
  plan.metrics = shape.metrics;
  plan.records = shape.records;
  plan.events = shape.events;
  plan.steps = shape.steps;
  plan.replicates = shape.replicates;
  plan.reference = s.reference;
  plan.decisions = shape.decisions;
  plan.times = shape.times;
  plan.drivers = shape.drivers;
  plan.thresholds = shape.thresholds;
  for (int m = 0; m < shape.metrics; ++m) {
    plan.binning[m] = binning_of(s.model->metrics[m]);
    plan.least_difference[m] = least_difference(s.model->metrics[m]);
  }
  const std::vector<int> decided = decided_metrics(*s.model), driving = drivers(s);
  for (int d = 0; d < shape.decisions; ++d) {
    plan.decided[d] = decided[d];
    plan.higher[d] = s.model->metrics[decided[d]].direction == Direction::kHigher;
  }
  std::copy(s.sensitivity_records.begin(), s.sensitivity_records.end(), plan.time);
  std::copy(driving.begin(), driving.end(), plan.driver);
  for (int t = 0; t < shape.thresholds; ++t) {
    const Satisfice& wanted = s.satisfice[t];
    plan.threshold[t] = {wanted.metric, wanted.event, wanted.comparison, static_cast<float>(wanted.value), wanted.value == 1};
  }
  return plan;
}

void set_levers(const std::vector<LeverSetting>& settings, float* levers) {
  for (const LeverSetting& set : settings) levers[set.lever] = static_cast<float>(set.value);
}

Trigger make_trigger(const TriggerSetting& setting) {
  Trigger trigger{};
  trigger.when = setting.when;
  trigger.release = setting.release.value_or(setting.when);
  trigger.releases = setting.release.has_value();
  for (const LeverSetting& set : setting.levers) trigger.sets |= 1u << set.lever;
  set_levers(setting.levers, trigger.values);
  return trigger;
}

}  // namespace

std::uint32_t least_difference(const MetricRow& m) {
  // kOctaves below the first power of two beyond the metric's range.
  const float range = m.scale == Scale::kLog ? m.high : std::max(m.high - m.low, m.high);
  return std::bit_cast<std::uint32_t>(std::ldexp(1.0f, static_cast<int>(std::ceil(std::log2(range))) - kOctaves));
}

std::vector<int> decided_metrics(const ModelInfo& model) {
  std::vector<int> metrics;
  for (std::size_t m = 0; m < model.metrics.size(); ++m)
    if (model.metrics[m].direction != Direction::kNone) metrics.push_back(static_cast<int>(m));
  return metrics;
}

std::vector<int> drivers(const Scenario& s) {
  std::vector<int> parameters;
  for (std::size_t i = 0; i < s.parameters.size(); ++i)
    if (s.parameters[i].prior.kind != Kind::kConstant) parameters.push_back(static_cast<int>(i));
  return parameters;
}

int policy_number(const Scenario& s, const std::string& name, const std::string& option) {
  std::vector<std::string> names;
  for (std::size_t p = 0; p < s.policies.size(); ++p) {
    if (s.policies[p].name == name) return static_cast<int>(p);
    names.push_back(s.policies[p].name);
  }
  throw UserError(fmt::format("{} {}: no policy of the scenario. There are: {}.", option, name, fmt::join(names, ", ")));
}

Scenario reduced_to(const Scenario& full, const std::vector<int>& policies) {
  Scenario s = full;
  s.policies.clear();
  for (const int policy : policies) s.policies.push_back(full.policies[policy]);
  s.reference = 0;
  s.keep = 0;
  s.stop.reset();
  s.joint.clear();
  s.satisfice.clear();
  s.sensitivity_records = {full.records() - 1};
  return s;
}

std::vector<std::string> event_names(const Scenario& s) {
  std::vector<std::string> names;
  for (const EventRow& event : s.model->events) names.emplace_back(event.key);
  std::size_t triggers = 0;
  for (const PolicySetting& policy : s.policies) triggers = std::max(triggers, policy.triggers.size());
  for (std::size_t trigger = 1; trigger <= triggers; ++trigger) names.push_back(fmt::format("trigger_{}", trigger));
  return names;
}

bool has_event(const Scenario& s, int policy, int event) {
  return event < static_cast<int>(s.model->events.size() + s.policies[policy].triggers.size());
}

Shape shape_of(const Scenario& s) {
  Shape shape{};
  shape.policies = static_cast<int>(s.policies.size());
  shape.metrics = static_cast<int>(s.model->metrics.size());
  shape.records = s.records();
  shape.steps = s.steps();
  shape.parameters = static_cast<int>(s.model->parameters.size());
  shape.joints = static_cast<int>(s.joint.size());
  shape.events = static_cast<int>(event_names(s).size());
  shape.decisions = static_cast<int>(decided_metrics(*s.model).size());
  shape.times = static_cast<int>(s.sensitivity_records.size());
  shape.drivers = static_cast<int>(drivers(s).size());
  shape.thresholds = static_cast<int>(s.satisfice.size());
  shape.replicates = static_cast<int>(s.replicates);
  return shape;
}

Job make_job(const Scenario& s) {
  Job job{s.model, shape_of(s), s.keep, {}, {}, {}};
  job.analysis = analysis_plan(s, job.shape);
  const KernelPlan common = common_plan(s, job.shape, job.knots);
  int segments = 0, triggers = 0;
  for (int p = 0; p < job.shape.policies; ++p) {
    const PolicySetting& setting = s.policies[p];
    const int more_segments = static_cast<int>(setting.schedule.size()), more_triggers = static_cast<int>(setting.triggers.size());
    if (more_segments > kMaxSegments)
      throw UserError(fmt::format("policies.{}.schedule: {} dated changes, at most {} fit. Use fewer dates.", setting.name,
                                  more_segments - 1, kMaxSegments - 1));
    if (p == 0 || job.batches.back().policies == kMaxBatch || segments + more_segments > kMaxSegments ||
        triggers + more_triggers > kMaxBatchTriggers) {
      job.batches.push_back(common);
      job.batches.back().first_policy = p;
      segments = triggers = 0;
    }
    KernelPlan& plan = job.batches.back();
    plan.policy[plan.policies++] = {segments, more_segments, triggers, more_triggers};
    for (int k = 0; k < more_segments; ++k) {
      Segment& segment = plan.segment[segments];
      segment = k > 0 ? plan.segment[segments - 1] : Segment{};
      if (k == 0)
        for (std::size_t i = 0; i < s.model->levers.size(); ++i) segment.levers[i] = s.model->levers[i].status_quo;
      segment.from_step = setting.schedule[k].from_step;
      set_levers(setting.schedule[k].levers, segment.levers);
      ++segments;
    }
    for (const TriggerSetting& trigger : setting.triggers) plan.trigger[triggers++] = make_trigger(trigger);
  }
  return job;
}

std::size_t estimate_memory(const Job& job, int threads) {
  const Shape& s = job.shape;
  const std::size_t merged = s.cells() * ((kSlots + kDifferenceSlots) * sizeof(std::int64_t) + 2 * sizeof(CellSums)) +
                             std::size_t(s.joints) * s.policies * s.records * kJointSide * kJointSide * sizeof(std::int64_t) +
                             s.choices() * (kRegretSlots + s.policies) * sizeof(std::int64_t) +
                             s.outputs() * s.drivers * kDriverBins * sizeof(Wide);
  const std::size_t sample = job.keep * (s.parameters * 4ul + std::size_t(s.policies) * (s.metrics * 4ul + s.events * 2ul)) +
                             Sample::kProbe * (s.outputs() * sizeof(float) + s.drivers);
  constexpr std::size_t kProgram = std::size_t{20} << 20;  // and its libraries
  return kProgram + merged + sample + cpu_memory(s, threads);
}

std::size_t estimate_file_size(const Scenario& scenario) {
  const Shape s = shape_of(scenario);
  // Bytes after compression, fitted to files of the baseline with 2,000 to 1,000,000 trajectories: histograms fill up with their
  // logarithm. Constant parameters and empty bins take next to nothing.
  const double grown = std::max(0.0, std::log(static_cast<double>(scenario.trajectories) / 2000));
  const double cells = static_cast<double>(s.cells()) * (1070 + 205 * grown);
  const double joint = static_cast<double>(s.joints) * s.policies * s.records * kJointSide * kJointSide / 2;
  const double drivers = s.drivers * (static_cast<double>(s.outputs()) * (147 + 3.7 * grown) + s.policies * s.metrics * 113.0);
  const auto kept = static_cast<double>(std::min<std::uint64_t>(scenario.keep, scenario.trajectories));
  const double sample = kept * (s.drivers + s.policies * (s.metrics + s.events)) * 2.8;
  // What HDF5 adds to some 70 datasets of each metric, and the texts.
  const double datasets = 70'000.0 * s.metrics;
  return static_cast<std::size_t>(cells + joint + drivers + sample + datasets);
}

}  // namespace chokepoint
