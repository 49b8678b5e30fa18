// The page of a result: what its sentences say, what its charts are given, and the command that writes it.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "../../host/reports/page.h"
#include "../../host/reports/web_answer.h"
#include "../../host/reports/web_pair.h"
#include "../../host/reports/web_report.h"
#include "../e2e/run.h"
#include "program.h"
#include "refusal.h"

namespace chokepoint {
namespace {

const double kMissing = std::nan("");

// Three policies at one time, the second the best; `separation` of each.
StoredResult example(const std::vector<std::int64_t>& separation = {1, 2, 1}) {
  StoredResult r;
  r.title = "Example";
  r.model = "race";
  r.policies = {"base", "good", "other"};
  r.policy_titles = {"As it is", "A good one", "Another"};
  r.events = {"crash"};
  r.years = {2031};
  r.quantiles = {0.5};
  StoredMetric m{"us_lead",       "months",    "how far ahead",      "higher", "linear", {1, 3, 2.9},
                 {0.1, 0.1, 0.1}, {1, 3, 2.9}, {0, 2, 2, 4, 2, 3.5}, {},       {}};
  m.paired.mean_difference = {0, 2, 1.9};
  m.paired.mean_difference_se = {0, 0.05, 0.02};
  m.paired.probability_equal = {1, 0.05, 0};
  m.paired.probability_better = {kMissing, 0.9, 0.5};
  m.paired.probability_better_bounds = {kMissing, kMissing, 0.88, 0.92, 0.48, 0.52};
  DecisionStatistics d;
  d.best = 1;
  d.separation = separation;
  m.decision = d;
  r.metrics.push_back(m);
  r.event_probability = {0.2, 0.4, 0.3};
  r.event_probability_bounds = {0.18, 0.22, 0.38, 0.42, 0.28, 0.32};
  r.provenance = {{"trajectories", "10000"}, {"seed_worlds", "1"}, {"seed_chance", "2"}};
  return r;
}

WebAnswer answer_to(const StoredResult& r) {
  std::vector<const StoredMetric*> headline;
  for (const StoredMetric& m : r.metrics) headline.push_back(&m);
  return answer_of(r, headline, {"prices fall"});
}

TEST(WebAnswer, NamesTheBestPolicyAndByHowMuch) {
  const WebAnswer answer = answer_to(example());
  EXPECT_EQ(answer.question, "Which of 3 policies is best for US lead by the end of 2030, and by how much against “As it is”?");
  EXPECT_EQ(answer.verdict, "“A good one” is best on US lead.");
  ASSERT_EQ(answer.remarks.size(), 2u);
  EXPECT_EQ(answer.remarks[0].subject, "US lead (how far ahead)");
  EXPECT_EQ(
      answer.remarks[0].text,
      "Best by the mean (higher is better): “A good one”, 3.0 months (95 %: 2.8 to 3.2). That is 2.00 months (95 %: 1.90 to 2.10) more "
      "than under “As it is”; history by history it is better in 90 % and no different in 5 %. All other policies are worse, "
      "and told apart from it at 95 %.");
  EXPECT_EQ(answer.remarks[1].text,
            "Of all events, policies change this one most: prices fall in 20 % of histories under “As it is” and 40 % of histories under "
            "“A good one”.");
  EXPECT_NE(answer.reading.back().find("No error bar says whether the model is right"), std::string::npos);
}

TEST(WebAnswer, SaysWhatCannotBeToldApart) {
  StoredResult r = example({1, 2, 0});
  EXPECT_EQ(answer_to(r).verdict, "“A good one” is best on US lead*. (* not told apart from every other policy)");
  EXPECT_NE(answer_to(r).remarks[0].text.find(" Not told apart from it at 95 %: “Another”."), std::string::npos);
  r.metrics[0].paired.mean_difference_se = {0, 2, 2};
  EXPECT_NE(answer_to(r).remarks[0].text.find(" It cannot be told apart from “As it is” at 95 %."), std::string::npos);
  r.event_probability_bounds = {0, 1, 0, 1, 0, 1};
  EXPECT_EQ(answer_to(r).remarks.size(), 1u) << "an event that policies may not change is not spoken of";
}

TEST(WebAnswer, OfLessOfTheReferenceOfNoDirectionAndOfNoNumber) {
  StoredResult r = example();
  r.metrics[0].paired.mean_difference[1] = -2;
  EXPECT_NE(answer_to(r).remarks[0].text.find("That is 2.00 months (95 %: 1.90 to 2.10) less than"), std::string::npos);
  r.metrics[0].decision->best = 0;
  EXPECT_NE(answer_to(r).remarks[0].text.find("It is the reference that the others are compared with."), std::string::npos);
  r.metrics[0].decision->best = -1;
  EXPECT_NE(answer_to(r).remarks[0].text.find("not finite"), std::string::npos);
  EXPECT_EQ(answer_to(r).verdict, "");
  r.metrics[0].decision.reset();
  r.metrics[0].direction = "none";
  EXPECT_EQ(
      answer_to(r).remarks[0].text,
      "Means go from 1.0 months (95 %: 0.8 to 1.2) under “As it is” to 3.0 months (95 %: 2.8 to 3.2) under “A good one”. Neither more nor "
      "less is better in itself.");
}

TEST(WebAnswer, Words) {
  EXPECT_EQ(readable("us_compute"), "US compute");
  EXPECT_EQ(readable("usage"), "Usage");
  EXPECT_EQ(listed({"a"}), "a");
  EXPECT_EQ(listed({"a", "b", "c"}), "a, b and c");
  EXPECT_EQ(interval_text(1.2345, 1.2149, 1.2541, " USD"), "1.23 USD (95 %: 1.21 to 1.25)");
  EXPECT_EQ(interval_text(2, 2, 2, ""), "2");
}

TEST(WebPair, WhatIsLeftOutIsSaid) {
  StoredResult a = example(), b = example();
  b.policies = {"good", "new", "base"};
  b.events.clear();
  const Shared shared = shared_by({a, b}, {});
  ASSERT_EQ(shared.policies.size(), 2u);
  EXPECT_EQ(shared.policies[1].name, "good");
  EXPECT_EQ(shared.policies[1].at, (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(shared.left_out, (std::vector<std::string>{"Left out, being in one of the results only: policies other, new.",
                                                       "Left out, being in one of the results only: events crash."}));
  EXPECT_NE(message_of([&] { shared_by({a, b}, {"us_lead", "nonsense"}); }).find("'nonsense' is no metric"), std::string::npos);
  b.metrics[0].units = "yr";
  EXPECT_NE(message_of([&] { shared_by({a, b}, {}); }).find("nothing to lay side by side"), std::string::npos);
}

TEST(WebPair, SettingsThatDiffer) {
  const auto a = settings_of("title = \"A\"\n[run]\nyears = 10\n[parameters]\nlag = { normal = { mean = 1, sd = 2 }, source = \"x\" }\n");
  const auto b =
      settings_of("title = \"A\"\n[run]\nyears = 5\nkeep = 3\n[parameters]\nlag = { uniform = { low = 1, high = 2 }, source = \"x\" }\n");
  std::string text;
  for (const SettingChange& change : changes(a, b)) text += change.key + ": " + change.a + " " + change.b + "\n";
  EXPECT_EQ(text,
            "run.years: 10 5\nparameters.lag.normal.mean: 1 –\nparameters.lag.normal.sd: 2 –\nrun.keep: – 3\n"
            "parameters.lag.uniform.low: – 1\nparameters.lag.uniform.high: – 2\n");
  EXPECT_TRUE(settings_of("no [toml").empty());
}

TEST(WebPair, WhetherWorldsAreShared) {
  StoredResult a = example(), b = example();
  a.result_hash = "1";
  b.result_hash = "2";
  EXPECT_NE(kinship(a, b).find("same seeds (1 for worlds, 2 for chance)"), std::string::npos);
  b.provenance["seed_chance"] = "3";
  EXPECT_NE(kinship(a, b).find("independent runs"), std::string::npos);
  b.result_hash = "1";
  EXPECT_NE(kinship(a, b).find("bit for bit"), std::string::npos);
}

TEST(Page, Base64) {
  EXPECT_EQ(page::base64(""), "");
  EXPECT_EQ(page::base64("f"), "Zg==");
  EXPECT_EQ(page::base64("fo"), "Zm8=");
  EXPECT_EQ(page::base64("foobar\xff"), "Zm9vYmFy/w==");
}

TEST(Page, OnlyItsScriptsMayRun) {
  const std::string policy = page::content_policy({{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}});
  EXPECT_NE(policy.find("default-src 'none'; script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; "), std::string::npos);
  EXPECT_EQ(policy.find("script-src 'unsafe"), std::string::npos);
}

// ---- the command

class Report : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "web_report_" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder_);
    result_ = folder_ + "/small.h5";
    ASSERT_EQ(
        chokepoint_({"run", config_path("brownian.toml"), "--trajectories", "4096", "-o", result_, "--quiet", "--device", "cpu"}).code, 0);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string text_of(const std::string& path) const {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  std::string folder_, result_;
};

TEST_F(Report, IsOnePageBesideTheResult) {
  const Answer answer = chokepoint_({"report", result_});
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_EQ(answer.out.rfind(folder_ + "/small.html: ", 0), 0u) << answer.out;
  const std::string page = text_of(folder_ + "/small.html");
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
  for (const char* foreign : {"<link", "<script src", "<img", "@import", "url("})
    EXPECT_EQ(page.substr(0, page.find("<script type=\"application/json\"")).find(foreign), page.npos) << foreign;
}

TEST_F(Report, AnExistingPageIsKeptUnlessForced) {
  const std::string path = folder_ + "/page.html";
  std::ofstream(path) << "mine";
  EXPECT_EQ(chokepoint_({"report", result_, "-o", path}).code, 2);
  EXPECT_EQ(text_of(path), "mine");
  EXPECT_EQ(chokepoint_({"report", result_, "-o", path, "--force", "--title", "Mine & <yours>"}).code, 0);
  EXPECT_NE(text_of(path).find("<h1>Mine &amp; &lt;yours&gt;</h1>"), std::string::npos);
}

TEST_F(Report, WhatCannotBeShownIsRefusedAndLeavesNothing) {
  const std::string path = folder_ + "/page.html";
  const auto refused = [&](std::vector<std::string> words, const char* why) {
    words.insert(words.begin(), "report");
    words.insert(words.end(), {"-o", path});
    const Answer answer = chokepoint_(words);
    EXPECT_NE(answer.err.find(why), std::string::npos) << answer.err;
    EXPECT_FALSE(std::filesystem::exists(path));
    return answer.code;
  };
  EXPECT_EQ(refused({result_, "--metrics", "value,nonsense"}, "'nonsense' is no metric"), 2);
  EXPECT_EQ(refused({}, "expected one result file or two, got 0"), 2);
  EXPECT_EQ(refused({result_, result_, result_}, "got 3"), 2);
  EXPECT_EQ(refused({config_path("brownian.toml")}, "is not an HDF5 file"), 2);
  EXPECT_EQ(refused({folder_ + "/none.h5"}, "No such file"), 3);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "no temporary file is left";
}

TEST_F(Report, SmallRunsOfEveryModelHaveAPage) {
  for (const char* model : {"textbook.toml", "brownian.toml"}) {
    const std::string path = folder_ + "/other.h5";
    ASSERT_EQ(chokepoint_({"run", config_path(model), "--trajectories", "8", "--set", "run.keep=0", "-o", path, "--quiet", "--force",
                           "--device", "cpu"})
                  .code,
              0);
    const Answer answer = chokepoint_({"report", path, result_, "--force"});
    if (std::string(model) == "brownian.toml")
      EXPECT_EQ(answer.code, 0) << answer.err;
    else
      EXPECT_EQ(answer.code, 2) << "nothing in common";
    EXPECT_EQ(chokepoint_({"report", path, "--force"}).code, 0) << model;
  }
}

}  // namespace
}  // namespace chokepoint
