// SPDX-License-Identifier: Apache-2.0
#include "index_design.h"

#include <algorithm>
#include <thread>

#include "../run/plan.h"

namespace chokepoint {

namespace {

// Values of all outputs that are held at once; blocks of worlds do not depend on the device.
constexpr std::size_t kHeldValues = std::size_t{1} << 22, kSmallestBlock = 256, kLargestBlock = 8192;

// One trajectory for each world, and nothing but its outputs.
Scenario bare(const Scenario& scenario, std::uint64_t seed_chance) {
  Scenario s = scenario;
  s.replicates = 1;
  s.keep = 0;
  s.seed_chance = seed_chance;
  s.stop.reset();
  s.joint.clear();
  s.satisfice.clear();
  return s;
}

std::uint64_t other_seed(std::uint64_t seed) { return seed ^ 0x9e3779b97f4a7c15u; }

class Design {
 public:
  Design(const Scenario& scenario, DesignResult& result, const DeviceOptions& device, const std::function<void(double)>& progress)
      : reference_(scenario.reference),
        result_(result),
        progress_(progress),
        job_(make_job(bare(scenario, scenario.seed_chance))),
        other_job_(make_job(bare(scenario, other_seed(scenario.seed_chance)))),
        engine_(make_engine(job_, device)),
        other_chance_(make_engine(other_job_, device)),
        threads_(device.threads > 0 ? device.threads : available_cpus()),
        shift_(result.outputs.size()) {}

  void run() {
    const std::size_t block = std::clamp(kHeldValues / job_.shape.outputs(), kSmallestBlock, kLargestBlock);
    for (std::uint64_t first = 0; first < result_.worlds; first += block)
      run_block(first, std::min<std::uint64_t>(block, result_.worlds - first));
    result_.device = engine_->describe();
  }

 private:
  void run_block(std::uint64_t first, std::uint64_t count) {
    const Evaluation a = evaluate(*engine_, first, count, kNothing), b = evaluate(*other_chance_, first, count, kEverything);
    if (first == 0) over_outputs([&](std::size_t o) { shift_[o] = mean_of(a, o); });
    over_outputs([&](std::size_t o) { result_.sums[o].add_base(values(a, o), values(b, o)); });
    for (int k = 0; k < result_.factors(); ++k) {
      const bool chance = k + 1 == result_.factors();
      const Evaluation c = evaluate(chance ? *other_chance_ : *engine_, first, count, chance ? kNothing : result_.parameters[k]);
      over_outputs([&](std::size_t o) { add_factor(o, k, a, b, c); });
    }
  }

  Evaluation evaluate(Engine& engine, std::uint64_t first, std::uint64_t count, int resampled) {
    Evaluation evaluation(job_.shape, first, count);
    engine.evaluate(evaluation, resampled);
    done_ += count;
    progress_(static_cast<double>(done_) / (static_cast<double>(result_.worlds) * (result_.factors() + 2)));
    return evaluation;
  }

  void add_factor(std::size_t output, int factor, const Evaluation& at_a, const Evaluation& at_b, const Evaluation& at_c) {
    const std::vector<double> a = values(at_a, output), b = values(at_b, output), c = values(at_c, output);
    IndexSums& sums = result_.sums[output];
    const auto part = [](std::span<const double> all, std::size_t from, std::size_t to) { return all.subspan(from, to - from); };
    for (std::size_t from = 0; from < a.size();) {
      const std::uint64_t world = at_a.first + from, end = section_end(world);
      const std::size_t to = std::min<std::uint64_t>(a.size(), end - at_a.first);
      sums.add(factor, part(a, from, to), part(b, from, to), part(c, from, to));
      if (at_a.first + to == end) sums.end_section(factor);
      from = to;
    }
  }

  // The first world of the section after that of `world`.
  std::uint64_t section_end(std::uint64_t world) const {
    std::uint64_t section = 1;
    while (result_.worlds * section / kSections <= world) ++section;
    return result_.worlds * section / kSections;
  }

  std::vector<double> values(const Evaluation& at, std::size_t output) const {
    const IndexOutput& o = result_.outputs[output];
    const auto row = [&](int policy) { return at.outputs.data() + job_.shape.output(policy, o.time, o.metric) * at.count; };
    const float *own = row(o.policy), *reference = row(reference_);
    std::vector<double> values(at.count);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<double>(own[i]) - (o.difference ? static_cast<double>(reference[i]) : 0.0) - shift_[output];
    return values;
  }

  double mean_of(const Evaluation& at, std::size_t output) const {
    double sum = 0;
    for (const double value : values(at, output)) sum += value;
    return sum / static_cast<double>(at.count);
  }

  // Each output is one thread's: the order of its additions does not depend on their number.
  template <class Body>
  void over_outputs(const Body& body) {
    const std::size_t outputs = result_.outputs.size();
    std::vector<std::jthread> threads;
    const auto work = [&](std::size_t part) {
      for (std::size_t o = part; o < outputs; o += static_cast<std::size_t>(threads_)) body(o);
    };
    for (int part = 1; part < threads_; ++part) threads.emplace_back(work, static_cast<std::size_t>(part));
    work(0);
  }

  int reference_;
  DesignResult& result_;
  const std::function<void(double)>& progress_;
  Job job_, other_job_;
  std::unique_ptr<Engine> engine_, other_chance_;
  int threads_;
  std::vector<double> shift_;
  std::uint64_t done_ = 0;
};

}  // namespace

const IndexSums* DesignResult::find(int metric, bool difference, int policy, int time) const {
  for (std::size_t o = 0; o < outputs.size(); ++o)
    if (const IndexOutput& at = outputs[o]; at.metric == metric && at.difference == difference && at.policy == policy && at.time == time)
      return &sums[o];
  return nullptr;
}

std::uint64_t design_size(const Scenario& scenario, std::uint64_t worlds) { return worlds * (drivers(scenario).size() + 3); }

DesignResult run_design(const Scenario& scenario, const std::vector<int>& metrics, std::uint64_t worlds, const DeviceOptions& device,
                        const std::function<void(double)>& progress) {
  DesignResult result{worlds, drivers(scenario), metrics, {}, {}, {}};
  const int policies = static_cast<int>(scenario.policies.size()), times = static_cast<int>(scenario.sensitivity_records.size());
  for (const int metric : metrics)
    for (const bool difference : {false, true})
      for (int policy = 0; policy < policies; ++policy)
        for (int time = 0; time < times; ++time)
          if (!difference || policy != scenario.reference) result.outputs.push_back({metric, policy, time, difference});
  result.sums.assign(result.outputs.size(), IndexSums(result.factors()));
  Design(scenario, result, device, progress).run();
  return result;
}

}  // namespace chokepoint
