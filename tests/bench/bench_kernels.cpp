// Speed of whole runs on the CPU, one thread, all tallies on: ns per trajectory-month, and trajectories per second, each under all
// policies. A trajectory of the inspection model is a scenario.
//   bench_kernels --benchmark_repetitions=5
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "../../host/config/config.h"
#include "../../host/run/plan.h"

namespace chokepoint {
namespace {

void run_model(benchmark::State& state, const char* file, int lanes) {
  const Scenario scenario = read_scenario({std::string(CHOKEPOINT_SOURCE_DIR "/configs/") + file}, {"run.keep=0"});
  const Job job = make_job(scenario);
  if (lanes > widest_cpu_lanes()) return state.SkipWithError("this processor has no AVX-512");
  const auto engine = make_cpu_engine(job, 1, lanes);
  Sample sample(job.shape, 0);
  const std::uint64_t unit = 2048;
  engine->run(0, unit, sample);  // makes the tallies
  std::uint64_t done = 0;
  for (auto _ : state) {
    engine->run(done, unit, sample);
    done += unit;
  }
  state.counters["trajectories_per_second"] = benchmark::Counter(static_cast<double>(done), benchmark::Counter::kIsRate);
  const double months = static_cast<double>(done) * job.shape.steps * job.shape.policies;
  state.counters["ns_per_trajectory_month"] = benchmark::Counter(months * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK_CAPTURE(run_model, race_avx2, "baseline.toml", 8)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_model, race_avx512, "baseline.toml", 16)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_model, race_one_lane, "baseline.toml", 1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_model, brownian_avx2, "brownian.toml", 8)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_model, brownian_avx512, "brownian.toml", 16)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_model, inspection_avx2, "inspection.toml", 8)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_model, inspection_avx512, "inspection.toml", 16)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_model, inspection_one_lane, "inspection.toml", 1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace chokepoint

BENCHMARK_MAIN();
