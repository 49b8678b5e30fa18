// The result file: what is written is read back, the hash covers exactly the results, and no failure leaves a
// file behind or gets past the reader.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <hdf5.h>
#include <hdf5_hl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include "../../host/errors.h"
#include "../../host/results/result.h"
#include "../../host/results/temporary_file.h"
#include "../../kernels/tally.h"

namespace chokepoint {
namespace {

namespace fs = std::filesystem;

// Made-up numbers: 2 policies, 4 quarterly records of the brownian model, one joint histogram, 5 trajectories, 2 in a world,
// and 2 thresholds.
struct Example {
  Scenario scenario;
  Shape shape{2, 2, 4, 12, 5, 1, 3, 1, 1, 0, 2, 2};
  Tallies tallies{shape};
  Sample sample{shape, 3};
  Statistics statistics;
  Provenance provenance = {
      {"version", "0.1.0"}, {"command", "chokepoint run a.toml"}, {"device", ""}, {"configuration_resolved", "[run]\nµ = 1\n"}};

  Example();
  Result result() const { return {scenario, tallies, sample, statistics, provenance}; }
};

std::vector<double> numbers(std::size_t count, double first) {
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = first + 0.125 * static_cast<double>(i);
  return values;
}

PairedStatistics made_up_differences(double first, bool directed) {
  PairedStatistics s;
  for (auto* values :
       {&s.mean_difference, &s.mean_difference_se, &s.difference_sd, &s.probability_higher, &s.probability_equal, &s.variance_reduction})
    *values = numbers(8, ++first);
  for (auto* bounds : {&s.mean_difference_bounds, &s.probability_higher_bounds, &s.probability_equal_bounds})
    *bounds = numbers(16, ++first);
  if (directed) {
    s.probability_better = numbers(8, ++first);
    s.probability_better_bounds = numbers(16, ++first);
  }
  s.difference_quantile = numbers(24, ++first);
  s.difference_quantile_bounds = numbers(48, ++first);
  return s;
}

DecisionStatistics made_up_decision(double first) {
  DecisionStatistics s;
  for (auto* values : {&s.regret_mean, &s.regret_mean_se, &s.regret_p95, &s.regret_max, &s.probability_best}) *values = numbers(4, ++first);
  for (auto* values : {&s.regret_mean_bounds, &s.regret_p95_bounds, &s.probability_best_bounds, &s.rank_probability})
    *values = numbers(8, ++first);
  s.rank_probability_bounds = numbers(16, ++first);
  s.score = numbers(20, ++first);
  s.score_rank = numbers(20, ++first);
  s.best = 1;
  s.pair_difference = numbers(4, ++first);
  s.pair_difference_se = numbers(4, ++first);
  s.pair_difference_bounds = numbers(8, ++first);
  s.gap = numbers(2, ++first);
  s.gap_se = numbers(2, ++first);
  s.separation = {0, 2};
  s.trajectories_to_separate = numbers(2, ++first);
  s.winner_seen = numbers(2, ++first);
  s.winner_corrected = numbers(2, ++first);
  s.winner_bounds = numbers(4, ++first);
  return s;
}

Example::Example() {
  scenario.model = find_model("brownian");
  scenario.title = "An example";
  scenario.start_year = 2026;
  scenario.start_month = 1;
  scenario.years = 1;
  scenario.record_every_months = 3;
  scenario.quantiles = {0.1, 0.5, 0.9};
  scenario.joint = {{0, 1}};
  scenario.replicates = 2;
  scenario.sensitivity_records = {3};
  scenario.satisfice = {{"value", 0, -1, Comparison::kGreaterEqual, false, 1.5}, {"hazard", -1, 1, Comparison::kLess, true, 0}};
  scenario.parameters.resize(5);
  scenario.parameters[0].source = "Müller (2024)";
  scenario.policies.resize(2);
  scenario.policies[0].name = "baseline";
  scenario.policies[0].title = "Status quo";
  scenario.policies[1].name = "tight";
  scenario.policies[1].title = "Tighter – with a dash";
  scenario.policies[1].triggers.resize(1);
  tallies.trajectories = 5;
  for (std::size_t cell = 0; cell < shape.cells(); ++cell) {
    tallies.slots[cell * kSlots + cell] = 5;
    tallies.sums[cell] = {Wide(100) * cell, UnsignedWide(1000) * cell, 0, -1, float(cell)};
  }
  sample.metrics[0] = 2.5f;
  sample.events.assign(sample.events.size(), -1);
  for (int m = 0; m < 2; ++m)
    statistics.metrics.push_back({numbers(8, m), numbers(8, 10), numbers(8, 20), numbers(16, 30), numbers(24, 40), numbers(48, 50)});
  statistics.metrics[0].mean_se[3] = std::nan("");
  statistics.paired = {made_up_differences(60, true), made_up_differences(80, false)};
  statistics.decisions = {made_up_decision(100)};
  statistics.satisficing = {numbers(6, 0), numbers(12, 0)};
  statistics.event_probability = numbers(6, 0);
  statistics.event_probability_bounds = numbers(12, 0);
  statistics.event_cdf = numbers(24, 0);
  statistics.event_cdf_bounds = numbers(48, 0);
}

// A directory of its own, so that every name in it is known.
class ResultFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "chokepoint_result_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory = name;
    path = (directory / "out.h5").string();
  }
  void TearDown() override { fs::remove_all(directory); }

  std::vector<std::string> names_in_directory() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename());
    return names;
  }

  void write_bytes(const std::string& bytes) const { std::ofstream(path, std::ios::binary) << bytes; }

  std::string read_bytes() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  fs::path directory;
  std::string path;
  Example example;
};

template <class T>
std::vector<T> read_dataset(const std::string& path, const char* name, hid_t type) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), dataset = H5Dopen2(file, name, H5P_DEFAULT),
              space = H5Dget_space(dataset);
  std::vector<T> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
  EXPECT_GE(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0) << name;
  H5Sclose(space);
  H5Dclose(dataset);
  H5Fclose(file);
  return values;
}

std::vector<std::int64_t> read_counts(const std::string& path, const char* name) {
  return read_dataset<std::int64_t>(path, name, H5T_NATIVE_INT64);
}

template <class Error>
std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing of the expected kind was thrown";
  return "";
}

TEST_F(ResultFile, StatisticsAndLabelsComeBack) {
  const std::string hash = write_result(path, example.result());
  const StoredResult stored = read_result(path);
  EXPECT_EQ(stored.title, "An example");
  EXPECT_EQ(stored.model, "brownian");
  EXPECT_EQ(stored.result_hash, hash);
  EXPECT_EQ(stored.policies, (std::vector<std::string>{"baseline", "tight"}));
  EXPECT_EQ(stored.policy_titles, (std::vector<std::string>{"Status quo", "Tighter – with a dash"}));
  EXPECT_EQ(stored.events, (std::vector<std::string>{"barrier", "hazard", "trigger_1"}));
  EXPECT_EQ(stored.years, (std::vector<double>{2026.25, 2026.5, 2026.75, 2027}));
  EXPECT_EQ(stored.quantiles, example.scenario.quantiles);
  ASSERT_EQ(stored.metrics.size(), 2u);
  const StoredMetric& value = stored.metrics[0];
  EXPECT_EQ(value.name, "value");
  EXPECT_EQ(value.units, "1");
  EXPECT_EQ(value.long_name, "S(t)");
  EXPECT_EQ(value.direction, "higher");
  EXPECT_EQ(value.scale, "log");
  EXPECT_EQ(value.mean, example.statistics.metrics[0].mean);
  EXPECT_TRUE(std::isnan(value.mean_se[3]));
  EXPECT_EQ(value.quantile, example.statistics.metrics[0].quantile);
  EXPECT_EQ(value.quantile_bounds, example.statistics.metrics[0].quantile_bounds);
  EXPECT_EQ(stored.event_probability, example.statistics.event_probability);
  EXPECT_EQ(stored.event_probability_bounds, example.statistics.event_probability_bounds);
  EXPECT_EQ(stored.event_cdf, example.statistics.event_cdf);
  EXPECT_EQ(stored.provenance, (std::map<std::string, std::string>(example.provenance.begin(), example.provenance.end())));
}

TEST_F(ResultFile, TimeIsTheEndOfTheRecordedStep) {
  example.scenario.start_month = 11;
  write_result(path, example.result());
  const std::vector<double> days = read_dataset<double>(path, "/time", H5T_NATIVE_DOUBLE);
  EXPECT_EQ(days, (std::vector<double>{20850, 20939, 21031, 21123}));  // 2027-02-01, -05-01, -08-01, -11-01
}

TEST_F(ResultFile, CountsAreStoredWhereTheAxesSay) {
  const std::size_t cell = example.shape.cell(1, 0, 2);
  example.tallies.slots[cell * kSlots + kAbove] = 7;
  example.tallies.slots[cell * kSlots + kNonFinite] = 9;
  example.tallies.joint[((1 * 4 + 2) * kJointSide + 3) * kJointSide + 4] = 11;
  example.tallies.event_steps[(1 * 3 + 2) * 13 + 12] = 13;
  example.tallies.clamped[4] = 15;
  example.tallies.first_non_finite[1] = 17;
  write_result(path, example.result());
  EXPECT_EQ(read_counts(path, "/histogram/value_count")[(1 * 4 + 2) * (kBins + 2) + kAbove], 7);
  EXPECT_EQ(read_counts(path, "/histogram/value_non_finite")[1 * 4 + 2], 9);
  EXPECT_EQ(read_counts(path, "/histogram/joint_value_log_value_count")[((1 * 4 + 2) * kJointSide + 3) * kJointSide + 4], 11);
  EXPECT_EQ(read_counts(path, "/accumulator/event_step_count")[(1 * 3 + 2) * 13 + 12], 13);
  EXPECT_EQ(read_counts(path, "/accumulator/clamped_draws")[4], 15);
  EXPECT_EQ(read_counts(path, "/accumulator/first_non_finite"), (std::vector<std::int64_t>{-1, 17}));
}

TEST_F(ResultFile, BinsAreLabelledByTheirCentreAndEdges) {
  write_result(path, example.result());
  const std::vector<double> bins = read_dataset<double>(path, "/histogram/log_value_bin", H5T_NATIVE_DOUBLE);
  const std::vector<double> edges = read_dataset<double>(path, "/histogram/log_value_joint_bin_edges", H5T_NATIVE_DOUBLE);
  ASSERT_EQ(bins.size(), std::size_t{kBins} + 2);
  ASSERT_EQ(edges.size(), std::size_t{kJointSide} - 1);
  EXPECT_DOUBLE_EQ(bins.front(), -10);
  EXPECT_NEAR(bins[1], -9.995, 1e-12);
  EXPECT_DOUBLE_EQ(bins.back(), 10);
  EXPECT_NEAR(edges[1], -9.6, 1e-12);
  EXPECT_DOUBLE_EQ(edges.back(), 10);
}

TEST_F(ResultFile, SumsAreExactWhateverTheirSignAndSize) {
  example.tallies.sums[0].units = -1;
  example.tallies.sums[1].units = -(Wide(3) << 96) + 5;
  example.tallies.sums[2].squares = ~UnsignedWide(0) - 1;
  write_result(path, example.result());
  const auto sums = read_counts(path, "/accumulator/value_sum"), squares = read_counts(path, "/accumulator/value_sum_of_squares");
  const auto limbs = [](const std::vector<std::int64_t>& all, int cell) {
    return std::vector<std::int64_t>(&all[4 * cell], &all[4 * cell] + 4);
  };
  constexpr std::int64_t kFull = 0xffffffff;
  EXPECT_EQ(limbs(sums, 0), (std::vector<std::int64_t>{kFull, kFull, kFull, -1}));
  EXPECT_EQ(limbs(sums, 1), (std::vector<std::int64_t>{5, 0, 0, -3}));
  EXPECT_EQ(limbs(sums, 3), (std::vector<std::int64_t>{300, 0, 0, 0}));
  EXPECT_EQ(limbs(squares, 2), (std::vector<std::int64_t>{kFull - 1, kFull, kFull, kFull}));
}

TEST_F(ResultFile, ComparisonsAreStoredWhereTheAxesSay) {
  write_result(path, example.result());
  const auto doubles = [&](const char* name) { return read_dataset<double>(path, name, H5T_NATIVE_DOUBLE); };
  const PairedStatistics& paired = example.statistics.paired[0];
  EXPECT_EQ(doubles("/paired/value_mean_difference"), paired.mean_difference);
  EXPECT_EQ(doubles("/paired/value_probability_better_bounds"), paired.probability_better_bounds);
  EXPECT_EQ(doubles("/paired/log_value_difference_quantile"), example.statistics.paired[1].difference_quantile);
  const DecisionStatistics& decision = example.statistics.decisions[0];
  EXPECT_EQ(doubles("/decision/value_regret_p95_bounds"), decision.regret_p95_bounds);
  EXPECT_EQ(doubles("/decision/value_rank_probability"), decision.rank_probability);
  EXPECT_EQ(doubles("/decision/value_pair_difference"), decision.pair_difference);
  EXPECT_EQ(doubles("/decision/value_winner_corrected_bounds"), decision.winner_bounds);
  EXPECT_EQ(read_counts(path, "/decision/value_separation"), decision.separation);
  EXPECT_EQ(doubles("/decision/satisfied"), example.statistics.satisficing.share);
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  EXPECT_EQ(H5Lexists(file, "/paired/log_value_probability_better", H5P_DEFAULT), 0);  // it has no direction
  H5Fclose(file);
}

TEST_F(ResultFile, IntegersBehindComparisonsAreStoredWhereTheAxesSay) {
  const std::size_t cell = example.shape.cell(1, 1, 2), choice = example.shape.choice(1, 0, 0);
  example.tallies.differences[cell * kDifferenceSlots + 3] = 7;
  example.tallies.difference_sums[cell].units = -1;
  example.tallies.regret[choice * kRegretSlots + 5] = 9;
  example.tallies.regret_sums[choice].squares = 11;
  example.tallies.ranks[choice * 2 + 1] = 13;
  example.tallies.pair_squares[0] = UnsignedWide(15) << 32;
  example.tallies.satisfied[1 * 3 + 2] = 17;
  write_result(path, example.result());
  EXPECT_EQ(read_counts(path, "/accumulator/log_value_difference_count")[(1 * 4 + 2) * kDifferenceSlots + 3], 7);
  EXPECT_EQ(read_counts(path, "/accumulator/log_value_difference_sum")[4 * (1 * 4 + 2) + 3], -1);
  EXPECT_EQ(read_counts(path, "/accumulator/value_regret_count")[2 * kRegretSlots + 5], 9);
  EXPECT_EQ(read_counts(path, "/accumulator/value_regret_sum_of_squares")[4 * 2], 11);
  EXPECT_EQ(read_counts(path, "/accumulator/value_rank_parts")[2 * 2 + 1], 13);
  EXPECT_EQ(read_counts(path, "/accumulator/value_pair_squares"), (std::vector<std::int64_t>{0, 15, 0, 0}));
  EXPECT_EQ(read_counts(path, "/accumulator/satisfied_count")[5], 17);
  EXPECT_TRUE(std::isnan(read_dataset<double>(path, "/accumulator/value_difference_edge", H5T_NATIVE_DOUBLE).back()));
}

TEST_F(ResultFile, SampleHoldsFinalMetricsAndYearsOfEvents) {
  example.sample.metrics[(1 * 3 + 2) * 2 + 1] = 4.5f;
  example.sample.events[(1 * 3 + 2) * 3 + 1] = 5;
  write_result(path, example.result());
  EXPECT_EQ(read_dataset<float>(path, "/sample/log_value", H5T_NATIVE_FLOAT)[1 * 3 + 2], 4.5f);
  const auto years = read_dataset<float>(path, "/sample/event_year", H5T_NATIVE_FLOAT);
  EXPECT_EQ(years[(1 * 3 + 2) * 3 + 1], 0.5f);
  EXPECT_TRUE(std::isnan(years[0]));
}

TEST_F(ResultFile, SampleEndsWithTheTrajectoriesThatWereRun) {
  example.tallies.trajectories = 2;
  write_result(path, example.result());
  EXPECT_EQ(read_counts(path, "/sample/trajectory"), (std::vector<std::int64_t>{0, 1}));
  Example without;
  without.sample = Sample(without.shape, 0);
  write_result(path, without.result());
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  EXPECT_EQ(H5Lexists(file, "sample", H5P_DEFAULT), 0);
  H5Fclose(file);
}

TEST_F(ResultFile, EveryResultChangesTheHash) {
  const std::string hash = hash_result(example.result());
  const auto changes = [&](const char* what, const std::function<void(Example&)>& change) {
    Example changed;
    change(changed);
    EXPECT_NE(hash_result(changed.result()), hash) << what;
  };
  changes("slot", [](Example& e) { ++e.tallies.slots[kSlots * 16 - 1]; });
  changes("sum", [](Example& e) { ++e.tallies.sums[15].units; });
  changes("squares", [](Example& e) { e.tallies.sums[15].squares += UnsignedWide(1) << 127; });
  changes("saturated", [](Example& e) { ++e.tallies.sums[0].saturated; });
  changes("extreme", [](Example& e) { e.tallies.sums[0].least = -2; });
  changes("event", [](Example& e) { ++e.tallies.event_steps[5]; });
  changes("joint", [](Example& e) { ++e.tallies.joint.back(); });
  changes("clamped", [](Example& e) { ++e.tallies.clamped[0]; });
  changes("non-finite", [](Example& e) { e.tallies.first_non_finite[0] = 3; });
  changes("sample", [](Example& e) { e.sample.metrics.back() = 1; });
  changes("parameters", [](Example& e) { e.sample.parameters.back() = 1; });
  changes("sample event", [](Example& e) { e.sample.events.back() = 3; });
  changes("statistics", [](Example& e) { e.statistics.metrics[1].quantile.back() = 0; });
  changes("difference", [](Example& e) { ++e.tallies.differences.back(); });
  changes("difference sum", [](Example& e) { ++e.tallies.difference_sums.back().units; });
  changes("pair", [](Example& e) { ++e.tallies.pair_squares.back(); });
  changes("regret", [](Example& e) { ++e.tallies.regret.back(); });
  changes("regret sum", [](Example& e) { ++e.tallies.regret_sums.back().squares; });
  changes("rank", [](Example& e) { ++e.tallies.ranks.back(); });
  changes("satisfied", [](Example& e) { ++e.tallies.satisfied.back(); });
  changes("paired", [](Example& e) { e.statistics.paired[1].variance_reduction.back() = 0; });
  changes("decision", [](Example& e) { e.statistics.decisions[0].winner_bounds.back() = 0; });
  changes("satisficing", [](Example& e) { e.statistics.satisficing.share.back() = 7; });
  changes("policy", [](Example& e) { e.scenario.policies[0].name = "basline"; });
  changes("start", [](Example& e) { ++e.scenario.start_year; });
}

TEST_F(ResultFile, HashIgnoresWhereAndHowTheResultWasMade) {
  const std::string hash = hash_result(example.result());
  EXPECT_EQ(hash.size(), 32u);
  example.provenance = {{"device", "another"}};
  example.scenario.title = "Another title";
  example.scenario.parameters[0].rationale = "another";
  example.tallies.sums[0].least = -0.0f;  // merging in another order may give the other zero
  Example plain;
  plain.tallies.sums[0].least = 0;
  EXPECT_EQ(hash_result(example.result()), hash_result(plain.result()));
  EXPECT_EQ(write_result(path, plain.result()), hash_result(plain.result()));
  EXPECT_NE(hash, hash_result(plain.result()));
}

TEST_F(ResultFile, AnEarlierFileIsReplacedWholeAndNothingElseRemains) {
  write_bytes("old");
  write_result(path, example.result());
  EXPECT_EQ(names_in_directory(), std::vector<std::string>{"out.h5"});
  EXPECT_EQ(read_result(path).title, "An example");
}

TEST_F(ResultFile, ExistingOutputNeedsForce) {
  write_bytes("old");
  EXPECT_EQ(message_of<UserError>([&] { check_output(path, false, 1000); }),
            path + ": exists already and would be overwritten. Choose another name, or allow it with --force?");
  check_output(path, true, 1000);
  EXPECT_EQ(read_bytes(), "old");
  EXPECT_EQ(message_of<UserError>([&] { check_output(directory, true, 1000); }),
            directory.string() + ": is a directory; the name of a file is needed. Append one?");
}

TEST_F(ResultFile, MissingDirectoryIsFoundBeforeTheRun) {
  const std::string lost = directory / "none" / "out.h5";
  EXPECT_EQ(message_of<EnvironmentError>([&] { check_output(lost, false, 0); }),
            lost + ": there is no directory '" + (directory / "none").string() + "'. Make it with mkdir -p?");
  EXPECT_EQ(message_of<EnvironmentError>([&] { write_result(lost, example.result()); }),
            lost + ": creating a file beside it failed: No such file or directory");
}

TEST_F(ResultFile, ReadOnlyDirectoryIsFoundBeforeTheRun) {
  chmod(directory.c_str(), 0555);
  const auto refused = [&] {
    if (geteuid() == 0 && seteuid(65534) != 0) _exit(2);  // permissions do not bind root
    try {
      check_output(path, false, 0);
    } catch (const EnvironmentError& error) {
      fputs(error.what(), stderr);
      _exit(0);
    }
    _exit(1);
  };
  EXPECT_EXIT(refused(), testing::ExitedWithCode(0),
              "out.h5: creating a file beside it failed: Permission denied. Write to another place\\?");
  chmod(directory.c_str(), 0755);
}

TEST_F(ResultFile, TooLittleSpaceIsFoundBeforeTheRun) {
  const std::string message = message_of<EnvironmentError>([&] { check_output(path, false, std::uint64_t{1} << 62); });
  EXPECT_NE(message.find(": needs 4611686018427.4 MB, the file system has "), std::string::npos) << message;
  EXPECT_NE(message.find("MB left. Free some space, or write to another place?"), std::string::npos) << message;
  EXPECT_TRUE(names_in_directory().empty());
}

// A limit on the size of files stands for a full disk: both appear as a failing write.
TEST_F(ResultFile, FailedWriteLeavesNoFile) {
  const auto fails = [&](rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {bytes, RLIM_INFINITY}, none = {RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_result(path, example.result());
    } catch (const EnvironmentError& error) {
      setrlimit(RLIMIT_FSIZE, &none);
      fputs(error.what(), stderr);
      std::exit(0);  // as the program would: the library must survive that
    }
    _exit(1);
  };
  const std::string message = "out.h5: .* failed: File too large. Raise the limit on the size of files";
  for (const rlim_t bytes : {0, 100, 4096, 30000, 60000, 100000}) {
    EXPECT_EXIT(fails(bytes), testing::ExitedWithCode(0), message) << bytes;
    EXPECT_TRUE(names_in_directory().empty()) << bytes;
  }
}

TEST_F(ResultFile, WrongSizesAreOurMistakeAndLeaveNoFile) {
  example.statistics.metrics[1].sd.pop_back();
  EXPECT_EQ(message_of<std::logic_error>([&] { write_result(path, example.result()); }),
            "dataset 'log_value_sd': its values do not fit its axes");
  EXPECT_TRUE(names_in_directory().empty());
}

TEST_F(ResultFile, FilesThatAreNoResultAreRefused) {
  const auto refusal = [&] { return message_of<UserError>([&] { read_result(path); }); };
  write_bytes("");
  EXPECT_EQ(refusal(), path + ": is empty. Give a file that chokepoint wrote?");
  write_bytes("policy,mean\nbaseline,3\n");
  EXPECT_EQ(refusal(), path + ": is not an HDF5 file. Give a file that chokepoint wrote?");
  H5Fclose(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  EXPECT_EQ(refusal(), path + ": is an HDF5 file, but not a Chokepoint result: its attribute file_type is not 'chokepoint-result'");
  fs::remove(path);
  EXPECT_EQ(message_of<EnvironmentError>([&] { read_result(path); }), path + ": opening failed: No such file or directory");
  EXPECT_EQ(message_of<UserError>([&] { read_result(directory); }), directory.string() + ": is a directory, not a result file");
}

TEST_F(ResultFile, AnotherFormatIsRefused) {
  write_result(path, example.result());
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), attribute = H5Aopen(file, "format_version", H5P_DEFAULT);
  const int version = kFormatVersion + 1;
  H5Awrite(attribute, H5T_NATIVE_INT, &version);
  H5Aclose(attribute);
  H5Fclose(file);
  EXPECT_EQ(message_of<UserError>([&] { read_result(path); }),
            path + ": has format 3, this program reads format 2. Use the newer version of Chokepoint?");
}

TEST_F(ResultFile, TruncatedFilesAreRefused) {
  write_result(path, example.result());
  const std::string whole = read_bytes();
  for (std::size_t size = 8; size < whole.size(); size += whole.size() / 97) {
    write_bytes(whole.substr(0, size));
    const std::string message = message_of<UserError>([&] { read_result(path); });
    EXPECT_NE(message.find(": is damaged or incomplete: opening '" + path + "' failed: "), std::string::npos) << size << " " << message;
  }
}

// Readers follow DIMENSION_LIST of the dataset; REFERENCE_LIST of the scale must say the same.
TEST_F(ResultFile, AxesAreAttachedBothWays) {
  write_result(path, example.result());
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const auto attached = [&](const char* dataset, const char* scale, unsigned axis) {
    const hid_t of = H5Dopen2(file, dataset, H5P_DEFAULT), to = H5Dopen2(file, scale, H5P_DEFAULT);
    const htri_t is = H5DSis_attached(of, to, axis);  // looks into both lists
    H5Dclose(of);
    H5Dclose(to);
    return is;
  };
  EXPECT_GT(attached("value_mean", "policy", 0), 0);
  EXPECT_GT(attached("value_mean", "time", 1), 0);
  EXPECT_EQ(attached("value_mean", "time", 0), 0);
  EXPECT_GT(attached("/histogram/value_count", "/histogram/value_bin", 2), 0);
  EXPECT_GT(attached("/histogram/policy", "policy", 0), 0);  // repeated for labels: the axis is the root's
  EXPECT_GT(attached("event_title", "event", 0), 0);
  H5Fclose(file);
}

TEST_F(ResultFile, SmallDatasetsCostLittle) {
  write_result(path, example.result());
  struct Found {
    double datasets = 0, stored = 0;
  } found;
  const auto count = [](hid_t file, const char* name, const auto*, void* to) -> herr_t {
    const hid_t object = H5Oopen(file, name, H5P_DEFAULT);
    if (H5Iget_type(object) == H5I_DATASET) {
      static_cast<Found*>(to)->datasets += 1;
      static_cast<Found*>(to)->stored += static_cast<double>(H5Dget_storage_size(object));
    }
    return H5Oclose(object);
  };
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  EXPECT_EQ(H5Lvisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, count, &found), 0);
  H5Fclose(file);
  EXPECT_GT(found.datasets, 100);
  // Header and attributes take some 700 bytes; an index of the library's own size would add 2,000 to 4,000.
  EXPECT_LT((static_cast<double>(fs::file_size(path)) - found.stored) / found.datasets, 1500);
}

TEST_F(ResultFile, FlippedBitsInNumbersAreNoticed) {
  write_result(path, example.result());
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), dataset = H5Dopen2(file, "value_mean", H5P_DEFAULT);
  const hsize_t origin[] = {0, 0};
  haddr_t address = 0;
  ASSERT_GE(H5Dget_chunk_info_by_coord(dataset, origin, nullptr, &address, nullptr), 0);
  H5Dclose(dataset);
  H5Fclose(file);
  std::string bytes = read_bytes();
  bytes[address + 5] ^= 1;
  write_bytes(bytes);
  const std::string message = message_of<UserError>([&] { read_result(path); });
  EXPECT_NE(message.find(": is damaged or incomplete: reading dataset '/value_mean' failed: "), std::string::npos) << message;
}

}  // namespace
}  // namespace chokepoint
