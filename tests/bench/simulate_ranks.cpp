// What sharing a run among many ranks costs, simulated. Without options: the tables of cluster/SCALING.md.
// SPDX-License-Identifier: Apache-2.0
#include <boost/program_options.hpp>
#include <cstdio>
#include <iostream>

#include "job_failures.h"

namespace {

namespace po = boost::program_options;
using namespace chokepoint::simulation;

double percent(double share) { return 100 * share; }

void print_head() {
  std::printf("%-44s %6s %7s %10s %8s %7s %7s %11s %12s\n", "", "ranks", "time s", "efficiency", "waiting", "paused", "redone",
              "requests/s", "equal shares");
}

void print_run(const char* name, const Settings& s) {
  const Result r = simulate(s);
  const double waiting = 1 - r.efficiency - r.paused - r.redone;
  std::printf("%-44s %6zu %7.1f %8.1f %% %6.1f %% %5.1f %% %5.1f %% %11.0f %10.1f %%\n", name, s.ranks, r.seconds, percent(r.efficiency),
              percent(waiting), percent(r.paused), percent(r.redone), static_cast<double>(r.requests) / r.seconds,
              percent(efficiency_of_equal_shares(s)));
}

// A share of the ranks is slow, becomes slow, fails.
Settings troubled(std::size_t ranks) {
  Settings s;
  s.ranks = ranks;
  s.slow = s.sudden = s.failing = ranks / 50;
  return s;
}

Settings with(Settings s, auto change) {
  change(s);
  return s;
}

void print_runs() {
  const Settings plain, all = troubled(1000);
  std::printf("An ideal machine would take 600 s; checkpoints every 300 s.\n");
  print_head();
  print_run("speeds differ by 5 %", plain);
  print_run("speeds differ by 20 %", with(plain, [](Settings& s) { s.spread = 0.2; }));
  print_run("20 have a fifth of their speed", with(plain, [](Settings& s) { s.slow = 20; }));
  print_run("20 fall to a tenth of their speed", with(plain, [](Settings& s) { s.sudden = 20; }));
  print_run("20 fail", with(plain, [](Settings& s) { s.failing = 20; }));
  print_run("all of these", with(all, [](Settings& s) { s.spread = 0.2; }));
  print_run("all, checkpoints every 60 s", with(all, [](Settings& s) { s.checkpoint_every = 60; }));
  print_run("all, the run takes an hour", with(all, [](Settings& s) { s.run = 3600; }));
  print_run("all, messages take 5 ms", with(all, [](Settings& s) { s.latency = 5e-3; }));
  print_run("all, the coordinator takes 200 us", with(all, [](Settings& s) { s.service = 200e-6; }));
  print_run("all, CPUs: 20 000 trajectories a second", with(all, [](Settings& s) { s.speed = 2e4; }));
  print_run("a tenth or ten times the speed is common", with(plain, [](Settings& s) { s.spread = 1.5; }));
  for (const std::size_t ranks : {100, 4000, 10000}) print_run("2 % slow, 2 % slowing down, 2 % failing", troubled(ranks));
}

void print_job(const char* name, const FailingJob& job, double interval) {
  std::printf("%-44s %11.0f %9.0f %9.2f %% %9.2f %%\n", name, job.between_failures / 3600, interval,
              percent(daly_efficiency(job, interval)), percent(simulated_efficiency(job, interval, 1'000'000, 1)));
}

// A job is lost with any of its nodes, and starts again five minutes later.
void print_jobs() {
  constexpr double kRestart = 300;
  const Settings gpus;
  for (const double years : {5.0, 0.7}) {
    std::printf("\nA node fails every %g years.\n%-44s %11s %9s %11s %11s\n", years, "", "failures: h", "every s", "Daly", "simulated");
    const FailingJob one{years * kYear, gpus.write, kRestart}, all{years * kYear / 125, gpus.pause(), kRestart};
    print_job("1 node, or each of an array of shards", one, 300);
    print_job("  at Daly's interval", one, daly_interval(one));
    print_job("MPI over 125 nodes of 8 GPUs", all, 300);
    print_job("  at Daly's interval", all, daly_interval(all));
    const FailingJob more{years * kYear / 1250, with(gpus, [](Settings& s) { s.ranks = 10000; }).pause(), kRestart};
    print_job("MPI over 1250 nodes of 8 GPUs", more, 300);
    print_job("  at Daly's interval", more, daly_interval(more));
  }
}

}  // namespace

int main(int count, char** arguments) {
  Settings s;
  po::options_description options("simulate_ranks [OPTIONS]: one run. Without options: all tables");
  const auto add = [&](const char* name, auto& value, const char* meaning) {
    options.add_options()(name, po::value(&value)->default_value(value), meaning);
  };
  options.add_options()("help", "this help");
  add("ranks", s.ranks, "how many");
  add("run", s.run, "seconds that an ideal machine would take");
  add("speed", s.speed, "trajectories a second, the median rank");
  add("spread", s.spread, "of speeds: standard deviation of the logarithm");
  add("noise", s.noise, "of a chunk's time, likewise");
  add("slow", s.slow, "ranks with a fifth of their speed");
  add("sudden", s.sudden, "ranks that fall to a tenth of their speed at some time");
  add("failing", s.failing, "ranks whose device fails at some time");
  add("unit", s.unit, "seconds of a unit of work");
  add("latency", s.latency, "seconds of a message");
  add("service", s.service, "seconds of the coordinator for a request");
  add("checkpoint-every", s.checkpoint_every, "seconds");
  add("tallies", s.tallies, "bytes that are reduced");
  add("bandwidth", s.bandwidth, "bytes a second");
  add("write", s.write, "seconds to write a checkpoint");
  add("seed", s.seed, "of what is left to chance");
  try {
    po::variables_map given;
    po::store(po::parse_command_line(count, arguments, options), given);
    po::notify(given);
    if (given.count("help")) return std::cout << options, 0;
    if (count > 1) return print_head(), print_run("as given", s), 0;
    print_runs();
    print_jobs();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
