// World views: one run for each, one file of all, and what the commands make of it.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>

#include "../../host/config/config.h"
#include "../../host/results/hdf5.h"
#include "../../host/worldviews/find_views.h"
#include "../e2e/run.h"
#include "program.h"

namespace chokepoint {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

// Words of a text that was wrapped.
std::string unwrapped(const std::string& text) {
  std::istringstream in(text);
  std::string all;
  for (std::string word; in >> word;) all += (all.empty() ? "" : " ") + word;
  return all;
}

std::string hash_of_group(const std::string& path) { return Hdf5Reader(path).text_attribute("/worldview", "result_hash").value_or(""); }

// Changes the last number of a dataset.
void alter(const std::string& path, const char* dataset) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), data = H5Dopen2(file, dataset, H5P_DEFAULT);
  ASSERT_GE(data, 0) << dataset;
  const hid_t space = H5Dget_space(data);
  std::vector<double> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
  ASSERT_GE(H5Dread(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  values.back() += 1;
  ASSERT_GE(H5Dwrite(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  H5Sclose(space), H5Dclose(data), H5Fclose(file);
}

// The payoff of `base` is x1, that of `other` 1/2 + x1/4 and luck: base is better by 3/4 of the mean of x1 less 1/2.
class WorldViews : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    fs::create_directory(folder_->file("worldviews"));
    fs::copy_file(config_path("textbook.toml"), folder_->file("textbook.toml"));
    folder_->write("worldviews/gloomy.toml", "title = 'Gloomy'\n[parameters]\nx1 = { normal = { mean = 0, sd = 1 } }\n");
    folder_->write("worldviews/rosy.toml", "title = 'Rosy'\n[parameters]\nx1 = { normal = { mean = 2, sd = 1 } }\nx4 = 0.5\n");
    const Answer answer = run({"--worldviews", "all"});
    ASSERT_EQ(answer.code, 0) << answer.err;
  }
  static void TearDownTestSuite() { folder_.reset(); }

  // In the scenario as given, x1 is normal around 1.
  static Words command(const Words& more, const std::string& out = path()) {
    Words words = {"run",
                   folder_->file("textbook.toml"),
                   folder_->write("given.toml", "[parameters]\nx1 = { normal = { mean = 1, sd = 1 } }\n"),
                   "-o",
                   out,
                   "--quiet",
                   "--device",
                   "cpu",
                   "--threads",
                   "1",
                   "--trajectories",
                   "4_000",
                   "--set",
                   "run.keep=100",
                   "--set",
                   "outputs.satisfice={ payoff = '> 0', linear = '> 0' }"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  static Answer run(const Words& more) { return chokepoint_(command(more)); }
  static std::string path() { return folder_->file("views.h5"); }
  static std::string export_(const std::string& dataset, const std::string& from = path()) {
    const Answer answer = chokepoint_({"export", from, dataset});
    EXPECT_EQ(answer.code, 0) << answer.err;
    return answer.out;
  }

  static inline std::unique_ptr<TemporaryFolder> folder_;
};

TEST_F(WorldViews, EachIsTheResultOfARunOfItsOwn) {
  const std::string alone = folder_->file("alone.h5");
  const Words base = command({"--force"}, alone);
  ASSERT_EQ(chokepoint_(base).code, 0);
  EXPECT_EQ(read_result(path()).result_hash, read_result(alone).result_hash);
  Words rosy = base;
  rosy.insert(rosy.begin() + 3, folder_->file("worldviews/rosy.toml"));
  ASSERT_EQ(chokepoint_(rosy).code, 0);
  const StoredResult within = read_result(path() + "/worldview/rosy"), without = read_result(alone);
  EXPECT_EQ(within.result_hash, without.result_hash);
  EXPECT_EQ(within.title, "Rosy");
  EXPECT_EQ(within.entry("configuration_resolved"), without.entry("configuration_resolved"));
  EXPECT_EQ(export_("/sample/parameters", path() + "/worldview/rosy"), export_("sample/parameters", alone));
  EXPECT_EQ(export_("worldview/rosy/payoff_quantile"), export_("payoff_quantile", alone));
}

TEST_F(WorldViews, RegretAcrossThemHasItsClosedForm) {
  const Hdf5Reader file(path());
  ASSERT_EQ(file.texts("/worldview/worldview"), (Words{"given", "gloomy", "rosy"}));
  EXPECT_EQ(file.texts("/worldview/payoff_best"), (Words{"base", "other", "base"}));
  EXPECT_EQ(file.numbers("/worldview/payoff_rank", {3, 2}), (std::vector<double>{1, 2, 2, 1, 1, 2}));
  EXPECT_EQ(file.numbers("/worldview/payoff_best_share", {2}), (std::vector<double>{2 / 3.0, 1 / 3.0}));
  EXPECT_EQ(file.numbers("/worldview/payoff_acceptable_share", {2}), (std::vector<double>{2 / 3.0, 1 / 3.0}));
  const double error = std::sqrt((0.75 * 0.75 + 0.5 * 0.5) / 4000);  // of 3/4 x1 - 1/2 - z/2
  const auto expect = [&](const std::string& name, const std::vector<double>& values, const std::vector<double>& errors) {
    const std::vector<double> found = file.numbers("/worldview/payoff_" + name, {2});
    const std::vector<double> found_se = file.numbers("/worldview/payoff_" + name + "_se", {2});
    for (std::size_t p = 0; p < 2; ++p) {
      EXPECT_NEAR(found[p], values[p], 5 * errors[p]) << name;
      EXPECT_NEAR(found_se[p], errors[p], 0.1 * errors[p]) << name;
    }
  };
  expect("gap_max", {0.5, 1}, {error, error});
  expect("gap_mean", {0.5 / 3, 1.25 / 3}, {error / 3, error * 2 / 3});
  const std::vector<double> means = file.numbers("/worldview/payoff_mean", {3, 2, 4}, {0, 0, 3}, {3, 2, 1});
  EXPECT_NEAR(means[0] - means[2], 1, 1e-4) << "the same draws in all world views";
  EXPECT_NEAR(means[4] - means[2], 2, 1e-4);
}

TEST_F(WorldViews, CompareSaysWhatDependsOnThem) {
  const Answer tables = chokepoint_({"compare", path(), "-m", "payoff", "--width", "150"});
  EXPECT_EQ(tables.code, 0) << tables.err;
  for (const char* text : {"The best policy depends on the world view: base in given, rosy; other in gloomy.",
                           "by no more than 10 % of the", "widest gap in the view: none.", "Least regret in the worst view: base, 0.5",
                           "(gloomy). Least on average: base, 0.1", "1 of 1 pairs of policies",
                           "base is better than other in 2, worse in gloomy", "1 of 3", "2 of 3", "meet all thresholds, by world view"})
    EXPECT_NE(unwrapped(tables.out).find(text), std::string::npos) << text << "\n" << tables.out;
  EXPECT_NE(unwrapped(chokepoint_({"compare", path(), "-m", "payoff", "--tolerance", "1"}).out).find("in the view: base, other."),
            std::string::npos);
  EXPECT_EQ(chokepoint_({"compare", path(), "--tolerance", "2"}).code, 2);
  EXPECT_NE(chokepoint_({"summary", path(), "-m", "payoff"}).out.find("mean in"), std::string::npos);
  const std::string alone = chokepoint_({"compare", path() + "/worldview/gloomy", "-m", "payoff"}).out;
  EXPECT_NE(alone.find("Gloomy"), std::string::npos) << alone;
  EXPECT_EQ(alone.find("world view"), std::string::npos) << alone;
}

TEST_F(WorldViews, CompareTellsScripts) {
  const std::string csv = chokepoint_({"compare", path(), "-m", "payoff", "--csv", "-"}).out;
  EXPECT_NE(csv.find("\nworldview,gloomy/payoff,1,other,"), std::string::npos) << csv;
  EXPECT_NE(csv.find("\nregret_across_worldview,payoff,1,base,"), std::string::npos) << csv;
  const std::string json = chokepoint_({"compare", path(), "-m", "payoff", "--json", "-"}).out;
  EXPECT_NE(json.find("\"worldviews\": [{\"name\": \"given/payoff\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"regret_across_worldviews\": [{\"name\": \"payoff\""), std::string::npos) << json;
  const std::string without = chokepoint_({"compare", path() + "/worldview/rosy", "-m", "payoff", "--json", "-"}).out;
  EXPECT_EQ(without.find("worldviews"), std::string::npos);
}

TEST_F(WorldViews, AreExportedByName) {
  EXPECT_TRUE(export_("worldview/payoff_mean").starts_with("worldview,policy,time,year,payoff_mean\ngiven,base,2026-04-01,"));
  EXPECT_TRUE(export_("worldview/gloomy/paired/payoff_mean_difference").starts_with("policy,time,year,payoff_mean_difference\nbase,2026-"));
  const std::string all = chokepoint_({"export", path()}).out;
  EXPECT_NE(all.find("\nworldview/payoff_gap_max (policy)"), std::string::npos);
  EXPECT_NE(all.find("\nworldview/rosy/...: the same"), std::string::npos);
  EXPECT_NE(chokepoint_({"export", path() + "/worldview/rsy"}).err.find("Did you mean '/worldview/rosy'?"), std::string::npos);
  EXPECT_EQ(chokepoint_({"summary", path() + "/worldview/rsy"}).code, 2);
}

TEST_F(WorldViews, AreVerified) {
  const std::string copy = folder_->file("altered.h5");
  const auto verified = [&](const std::string& file) { return chokepoint_({"verify", file, "--trajectories", "50", "--quiet"}); };
  EXPECT_EQ(verified(path()).code, 0) << verified(path()).out;
  EXPECT_NE(verified(path()).out.find("good   view gloomy"), std::string::npos) << verified(path()).out;
  EXPECT_EQ(verified(path() + "/worldview/gloomy").code, 0);
  for (const auto& [dataset, check] : {std::pair{"/worldview/payoff_gap_max", "WRONG  world views"},
                                       {"/worldview/rosy/payoff_sd", "WRONG  view rosy"},
                                       {"/payoff_sd", "WRONG  file"}}) {
    fs::copy_file(path(), copy, fs::copy_options::overwrite_existing);
    alter(copy, dataset);
    const Answer found = verified(copy);
    EXPECT_EQ(found.code, 2) << dataset;
    EXPECT_NE(found.out.find(check), std::string::npos) << found.out;
  }
}

TEST_F(WorldViews, OfAnInterruptedRunAreFinishedByResume) {
  const std::string out = folder_->file("resumed.h5"), whole = folder_->file("undisturbed.h5");
  const auto run_to = [](const std::string& to, const Words& more) {
    Words words = command({"--worldviews", "rosy,gloomy"}, to);
    *std::ranges::find(words, "4_000") = "60_000";
    words.insert(words.end(), more.begin(), more.end());
    return chokepoint_(words);
  };
  bool skipped = false;
  int starts = 0, code = 75;
  for (double limit = 0.01; code == 75 && limit < 1000; limit *= 1.5, ++starts) {
    const Answer answer = run_to(out, {"--resume", "--time-limit", fmt::format("{}", limit)});
    code = answer.code;
    skipped = skipped || answer.err.find("is complete already") != std::string::npos;
    EXPECT_EQ(fs::exists(out), code == 0) << answer.err;
    EXPECT_EQ(fs::exists(out + ".worldviews"), code != 0);
  }
  EXPECT_EQ(code, 0);
  EXPECT_GT(starts, 1);
  EXPECT_TRUE(skipped);
  ASSERT_EQ(run_to(whole, {}).code, 0);
  EXPECT_EQ(hash_of_group(out), hash_of_group(whole));
  EXPECT_EQ(Hdf5Reader(out).texts("/worldview/worldview"), (Words{"given", "rosy", "gloomy"})) << "as they were named";
  const Answer again = run_to(out, {"--resume"});
  EXPECT_EQ(again.code, 0);
  EXPECT_NE(again.err.find("is complete already"), std::string::npos);
}

TEST_F(WorldViews, ResultsOfSingleRunsAreJoined) {
  Words files;
  for (const char* name : {"given", "gloomy", "rosy"}) {
    files.push_back(folder_->file(fmt::format("{}.h5", name)));
    Words words = command({"--force"}, files.back());
    if (files.size() > 1) words.insert(words.begin() + 3, folder_->file(fmt::format("worldviews/{}.toml", name)));
    ASSERT_EQ(chokepoint_(words).code, 0);
  }
  const std::string out = folder_->file("joined.h5");
  const auto join = [&](const Words& more) {
    Words words = {"merge", "--worldviews"};
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {"-o", out, "--quiet", "--force"});
    return chokepoint_(words);
  };
  const Answer answer = join(files);
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_EQ(hash_of_group(out), hash_of_group(path()));
  ASSERT_EQ(chokepoint_(command({"--force", "--seed-chance", "7"}, files[2])).code, 0);
  const Answer foreign = join(files);
  EXPECT_EQ(foreign.code, 2);
  EXPECT_NE(foreign.err.find("run.seed_chance is 7 there and 2 here"), std::string::npos) << foreign.err;
  EXPECT_EQ(join({files[0], files[0]}).code, 2);
  EXPECT_EQ(join({files[0]}).code, 2);
}

TEST_F(WorldViews, StandBesideTheLatestFileThatHasSome) {
  fs::create_directories(folder_->file("later/worldviews"));
  const std::string later = folder_->write("later/mine.toml", "extends = \"../textbook.toml\"\n");
  const auto paths = [&] {
    std::vector<std::string> found;
    for (const ViewFile& view : find_views(read_scenario({later}, {}), {"all"})) found.push_back(fs::path(view.path).lexically_normal());
    return found;
  };
  folder_->write("later/worldviews/own.toml", "");
  EXPECT_EQ(paths(), (Words{folder_->file("later/worldviews/own.toml")}));
  fs::remove_all(folder_->file("later/worldviews"));
  EXPECT_EQ(paths(), (Words{folder_->file("worldviews/gloomy.toml"), folder_->file("worldviews/rosy.toml")}));
}

TEST_F(WorldViews, RefusalsSayWhatToDo) {
  const std::string out = folder_->file("refused.h5");
  const auto refused = [&](const Words& more) {
    const Answer answer = chokepoint_(command(more, out));
    EXPECT_EQ(answer.code, 2) << answer.err;
    EXPECT_FALSE(fs::exists(out));
    return answer.err;
  };
  EXPECT_NE(refused({"--worldviews", "rosi"}).find("--worldviews rosi: unknown. Did you mean 'rosy'?"), std::string::npos);
  EXPECT_NE(refused({"--worldviews", "all", "--shard", "1/2"}).find("chokepoint merge --worldviews"), std::string::npos);
  EXPECT_NE(refused({"--worldviews", "rosy,rosy"}).find("the name 'rosy' of this world view is taken"), std::string::npos);
  const std::string years = folder_->write("years.toml", "run.years = 2\n"), own = folder_->write("given.toml", "");
  EXPECT_NE(refused({"--worldviews", years}).find("run.years is 2 there and 1 here"), std::string::npos);
  EXPECT_NE(refused({"--worldviews", folder_->write("my view.toml", "")}).find("'my view' is no name of a world view"), std::string::npos);
  EXPECT_NE(refused({"--worldviews", own}).find("'given' of this world view is taken"), std::string::npos);
  fs::create_directory(out + ".worldviews");
  EXPECT_NE(refused({"--worldviews", "rosy"}).find("Go on with --resume, or start anew with --force?"), std::string::npos);
  fs::create_directory(folder_->file("bare"));
  fs::copy_file(config_path("textbook.toml"), folder_->file("bare/textbook.toml"));
  const Answer bare = chokepoint_({"run", folder_->file("bare/textbook.toml"), "--worldviews", "all", "-o", out});
  EXPECT_EQ(bare.code, 2);
  EXPECT_NE(bare.err.find("there is no folder"), std::string::npos) << bare.err;
}

TEST_F(WorldViews, PlanCountsThemAll) {
  const Answer answer =
      chokepoint_({"plan", folder_->file("textbook.toml"), "--worldviews", "all", "--device", "cpu", "--trajectories", "1000"});
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_NE(answer.out.find("world views 3 one after the other: textbook, gloomy, rosy"), std::string::npos) << answer.out;
}

}  // namespace
}  // namespace chokepoint
