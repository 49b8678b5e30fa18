// The command line as a user meets it: exit codes and full texts.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <sstream>

#include "../e2e/run.h"
#include "program.h"

namespace chokepoint {
namespace {

const std::string kBrownian = config_path("brownian.toml");

void expect_refusal(const std::vector<std::string>& arguments, int code, const std::string& text) {
  const Answer answer = chokepoint_(arguments);
  EXPECT_EQ(answer.code, code);
  EXPECT_EQ(answer.err, text + "\n");
}

TEST(CommandLine, HelpNamesEveryCommand) {
  const Answer answer = chokepoint_({"--help"});
  EXPECT_EQ(answer.code, 0);
  for (const char* verb : {"run", "merge", "validate", "plan", "bench", "summary", "compare", "report", "export", "sensitivity", "discover",
                           "voi", "find", "replay", "verify", "rules", "describe", "devices"}) {
    EXPECT_NE(answer.out.find(std::string("  ") + verb), std::string::npos);
    EXPECT_EQ(chokepoint_({verb, "--help"}).code, 0);
  }
}

TEST(CommandLine, UnknownWordsAreRefused) {
  const std::string hint = ". `chokepoint --help` lists the commands, `chokepoint COMMAND --help` their options.";
  expect_refusal({"runn"}, 2, "'runn' is not a command" + hint);
  expect_refusal({"run", "--traj", "5", kBrownian}, 2, "run: unrecognised option '--traj'" + hint);  // no guessing
  expect_refusal({"run"}, 2, "no configuration file given" + hint);
  expect_refusal({"summary"}, 2, "expected one result file, got 0" + hint);
}

TEST(CommandLine, DevicesAndNumbersAreChecked) {
  expect_refusal({"plan", kBrownian, "--device", "gpu"}, 2,
                 "--device gpu: not a device. Use auto, cpu, cuda, cuda:N, all, or a list such as cuda:0,cuda:1.");
  expect_refusal({"plan", kBrownian, "--lanes", "5", "--threads", "-1"}, 2,
                 "--threads -1: outside 0 to 4096\n--lanes 5: not one of 0, 1, 8 and 16\n2 problems; nothing was run.");
  if (!built_with_cuda())
    expect_refusal({"plan", kBrownian, "--device", "cuda"}, 3,
                   "device: this build has no CUDA back end. Use --device cpu, or rebuild with a CUDA toolkit and -DCHOKEPOINT_CUDA=ON.");
}

TEST(CommandLine, PlanChecksWhatItIsToldOfACluster) {
  expect_refusal({"plan", kBrownian, "--nodes", "0", "--gpus-per-node", "65", "--speed", "-1"}, 2,
                 "--nodes 0: outside 1 to 100000\n--gpus-per-node 65: outside 1 to 64\n--speed -1: outside 1 to 1e15 trajectory-months "
                 "per second of one device\n3 problems; nothing was run.");
  expect_refusal({"plan", kBrownian, "--nodes", "1", "--checkpoint-every", "-3"}, 2, "--checkpoint-every -3: negative");
  expect_refusal({"plan", kBrownian, "--speed", "1e9"}, 2, "--speed: only together with --nodes");
  expect_refusal({"plan", kBrownian, "--gpus-per-node", "8"}, 2, "--gpus-per-node: only together with --nodes");
}

TEST(CommandLine, PlanForACluster) {
  const Answer cpu = chokepoint_({"plan", kBrownian, "--nodes", "3", "--gpus-per-node", "2", "--device", "cpu"});
  EXPECT_EQ(cpu.code, 0) << cpu.err;
  EXPECT_NE(cpu.out.find("3 x 2 devices, a rank for each; a device as fast as this CPU"), std::string::npos) << cpu.out;
  EXPECT_NE(cpu.out.find("No GPU was measured"), std::string::npos);
  // 60 months of 2 policies: 1.2e7 trajectory-months a second are 10^5 trajectories; 6 of those at 98 % take 19.7 days for 10^12.
  const Answer gpu = chokepoint_({"plan", kBrownian, "--set", "run.years=5", "--nodes", "3", "--gpus-per-node", "2", "--device", "cpu",
                                  "--speed", "1.2e7", "--checkpoint-every", "6e5"});
  EXPECT_NE(gpu.out.find("12.0 M trajectory-months/s, 100 k trajectories/s\n"), std::string::npos) << gpu.out;
  std::istringstream lines(gpu.out);
  std::string row;
  while (std::getline(lines, row) && !row.starts_with("        1.00 T")) {
  }
  EXPECT_NE(row.find(" 19 days "), std::string::npos) << gpu.out;
  EXPECT_NE(row.find("  2 "), std::string::npos) << "checkpoints: " << row;
  EXPECT_EQ(row.find('*'), row.npos);
  ASSERT_TRUE(std::getline(lines, row));
  EXPECT_TRUE(row.starts_with("        10.0 T") && row.ends_with(" *")) << row;
}

TEST(CommandLine, RunWritesAResultThatSummaryShows) {
  TemporaryFolder folder;
  const std::string path = folder.file("out.h5");
  const Answer run = chokepoint_({"run", kBrownian, "--trajectories", "5000", "-o", path, "--device", "cpu"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.out.find("result_hash"), std::string::npos);
  const Answer summary = chokepoint_({"summary", path});
  EXPECT_EQ(summary.code, 0);
  EXPECT_NE(summary.out.find("log_value"), std::string::npos);
}

TEST(CommandLine, AnExistingResultIsKeptUnlessForced) {
  TemporaryFolder folder;
  const std::vector<std::string> run = {"run", kBrownian, "--trajectories", "100", "-o", folder.write("out.h5", "precious"), "--quiet"};
  EXPECT_EQ(chokepoint_(run).code, 2);
  EXPECT_EQ(std::filesystem::file_size(folder.file("out.h5")), 8u);
  std::vector<std::string> forced = run;
  forced.push_back("--force");
  EXPECT_EQ(chokepoint_(forced).code, 0);
  EXPECT_GT(std::filesystem::file_size(folder.file("out.h5")), 1000u);
}

TEST(CommandLine, SensitivityChecksItsOptions) {
  expect_refusal({"sensitivity", kBrownian, "--samples", "1e4", "-m", "value,volue", "--policies", "pusch"}, 2,
                 "--samples 1e4: not a whole number from 1000 to 10000000000\n--metrics: there is no 'volue'. Legal here: value, "
                 "log_value.\n--policies: there is no 'pusch'. Legal here: base, push.\n3 problems; nothing was run.");
}

TEST(CommandLine, SensitivitySaysWhatItCostsAndWhatItFound) {
  TemporaryFolder folder;
  const std::string csv = folder.file("out.csv"), path = folder.file("out.h5");
  const std::vector<std::string> words = {
      "sensitivity", config_path("textbook.toml"), "--samples", "2_000", "-m", "ishigami", "--device", "cpu", "--csv", csv, "-o", path};
  const Answer answer = chokepoint_(words);
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_NE(answer.out.find("2000 worlds, 9 factors (8 parameters and chance): 22000 trajectories of each of 2 policies\n"),
            std::string::npos);
  EXPECT_NE(answer.out.find("\n  x2 "), std::string::npos) << answer.out;
  std::ifstream file(csv);
  int lines = 0;
  for (std::string line; std::getline(file, line);) ++lines;
  EXPECT_EQ(lines, 1 + 3 * 9) << "two levels and a difference";
  EXPECT_GT(std::filesystem::file_size(path), 1000u);
  EXPECT_EQ(chokepoint_(words).code, 2) << "existing files are kept";
}

TEST(CommandLine, CsvOnStandardOutputIsAlone) {
  const std::vector<std::string> words = {
      "sensitivity", config_path("textbook.toml"), "--samples", "1000", "-m", "payoff", "--device", "cpu", "--csv", "-"};
  const Answer answer = chokepoint_(words);
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_TRUE(answer.out.starts_with("metric,policy,less,year,factor,total,total_se,first_order,first_order_se\n")) << answer.out;
  EXPECT_EQ(std::ranges::count(answer.out, '\n'), 1 + 3 * 9);
  std::vector<std::string> more = words;
  more.insert(more.end(), {"-o", "-"});
  expect_refusal(
      more, 2,
      "--output: a result is no text for standard output; --csv - is. `chokepoint --help` lists the commands, `chokepoint COMMAND "
      "--help` their options.");
}

TEST(CommandLine, SensitivityOfSomePoliciesKeepsTheReference) {
  const Answer answer = chokepoint_(
      {"sensitivity", config_path("textbook.toml"), "--samples", "1000", "-m", "payoff", "--policies", "base", "--device", "cpu"});
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_NE(answer.out.find("of each of 1 policies"), std::string::npos) << answer.out;
  EXPECT_EQ(answer.out.find("less base"), std::string::npos) << answer.out;
}

TEST(CommandLine, MissingFilesAreTheEnvironment) {
  expect_refusal({"validate", "nowhere.toml"}, 3, "nowhere.toml: cannot be read: No such file or directory");
}

TEST(CommandLine, ValidateSaysWhatItRead) {
  const Answer answer = chokepoint_({"validate", config_path("baseline.toml")});
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_EQ(answer.out,
            config_path("baseline.toml") + ": good. Model race, 10 policies, 101 parameters, 1000000 trajectories of 120 months.\n");
}

TEST(CommandLine, PlanRunsNothingBig) {
  const Answer answer = chokepoint_({"plan", kBrownian, "--trajectories", "1000000000000", "--device", "cpu"});
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_NE(answer.out.find("2 policies x 1000000000000 trajectories x 60 months"), std::string::npos);
  EXPECT_EQ(answer.out.find("run.stop"), std::string::npos);
}

TEST(CommandLine, PlanSaysWhetherTheCapAllowsTheTarget) {
  const auto plan = [](const std::string& error) {
    return chokepoint_({"plan", kBrownian, "--trajectories", "2000", "--device", "cpu", "--set",
                        "run.stop={metric='log_value', policy='base', standard_error=" + error + ", max_trajectories=4000}"})
        .out;
  };
  EXPECT_NE(plan("0.02").find("run.stop.max_trajectories = 4000 allows it"), std::string::npos);
  EXPECT_NE(plan("0.001").find("run.stop.max_trajectories = 4000 ends it before (exit code 4)"), std::string::npos);
}

TEST(CommandLine, PlanKnowsTheSizeOfTheFile) {
  TemporaryFolder folder;
  const std::vector<std::pair<std::string, std::string>> runs = {
      {"brownian.toml", "200000"}, {"brownian.toml", "2000"}, {"smoke.toml", "2000"}, {"baseline.toml", "4000"}};
  for (const auto& [name, trajectories] : runs) {
    const std::string path = folder.file(name + trajectories + ".h5");
    ASSERT_EQ(chokepoint_({"run", config_path(name), "--trajectories", trajectories, "-o", path, "--quiet", "--device", "cpu"}).code, 0);
    const Scenario scenario = read_scenario({config_path(name)}, {"run.trajectories=" + trajectories});
    const auto predicted = static_cast<double>(estimate_file_size(scenario));
    EXPECT_NEAR(predicted / static_cast<double>(std::filesystem::file_size(path)), 1, 0.2) << name << ", " << trajectories;
  }
}

TEST(CommandLine, AMissedTargetIsExitFour) {
  TemporaryFolder folder;
  const std::vector<std::string> run = {"run",
                                        kBrownian,
                                        "--trajectories",
                                        "1000",
                                        "-o",
                                        folder.file("out.h5"),
                                        "--quiet",
                                        "--device",
                                        "cpu",
                                        "--set",
                                        "run.stop={metric='log_value', statistic='mean', standard_error=1e-9, max_trajectories=4000}"};
  const Answer answer = chokepoint_(run);
  EXPECT_EQ(answer.code, 4) << answer.err;
  EXPECT_EQ(answer.err.rfind("run.stop: the standard error of mean of log_value is ", 0), 0u);
  const StoredResult result = read_result(folder.file("out.h5"));
  EXPECT_EQ(result.entry("ended_early") + "\n", answer.err);
  EXPECT_GT(std::stod(result.entry("stop_standard_error")), 1e-9);
}

TEST(CommandLine, AReachedTargetStopsTheRun) {
  TemporaryFolder folder;
  const std::string path = folder.file("out.h5");
  const Answer answer = chokepoint_({"run", kBrownian, "--trajectories", "1000", "-o", path, "--quiet", "--device", "cpu", "--set",
                                     "run.stop={metric='log_value', statistic='mean', standard_error=0.004, max_trajectories=1000000}"});
  EXPECT_EQ(answer.code, 0) << answer.err;
  // sd is 0.2 sqrt(5): (0.447 / 0.004)^2 = 12,500 trajectories are needed.
  const StoredResult result = read_result(path);
  EXPECT_NEAR(std::stod(result.entry("trajectories")), 12500, 1500);
  // The larger of the policies' standard errors at the end.
  const StoredMetric& metric = result.metrics[1];
  ASSERT_EQ(metric.name, "log_value");
  const std::size_t times = result.years.size();
  const double error = std::max(metric.mean_se[times - 1], metric.mean_se[2 * times - 1]);
  EXPECT_EQ(std::stod(result.entry("stop_standard_error")), error);
  EXPECT_LE(error, 0.004);
}

TEST(CommandLine, WithoutAStopThereIsNoErrorAtWhichItStopped) {
  TemporaryFolder folder;
  const std::string path = folder.file("out.h5");
  ASSERT_EQ(chokepoint_({"run", kBrownian, "--trajectories", "100", "-o", path, "--quiet", "--device", "cpu"}).code, 0);
  EXPECT_EQ(read_result(path).provenance.count("stop_standard_error"), 0u);
}

TEST(CommandLine, DescribeShowsATopic) {
  EXPECT_NE(chokepoint_({"describe", "stops", "--model", "brownian"}).out.find("[run.stop]\n"), std::string::npos);
  EXPECT_EQ(chokepoint_({"describe", "stops", "statistics"}).code, 2);
  const std::string commands = chokepoint_({"describe", "commands", "--markdown"}).out;
  EXPECT_NE(commands.find("## `chokepoint merge SHARD...`\n\nThe shards of a run to its result.\n"), std::string::npos) << commands;
  EXPECT_NE(commands.find("| `-o, --output OUT.h5` | result file"), std::string::npos) << commands;
  EXPECT_NE(commands.find("| `--device D (=auto)` |"), std::string::npos) << commands;
}

TEST(CommandLine, DevicesNamesTheCpu) {
  const Answer answer = chokepoint_({"devices"});
  EXPECT_EQ(answer.code, 0);
  EXPECT_EQ(answer.out.rfind("cpu ", 0), 0u);
}

}  // namespace
}  // namespace chokepoint
