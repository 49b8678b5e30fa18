// Every message about a configuration, with its full text.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "config_fixture.h"

namespace chokepoint {
namespace {

namespace fs = std::filesystem;
using ConfigMessages = ConfigTest;

// files

TEST_F(ConfigMessages, FilesThatCannotBeReadAreTheEnvironmentsFault) {
  EXPECT_EQ(refusal<EnvironmentError>({"none.toml"}), "none.toml: cannot be read: No such file or directory");
  write("x.toml", "\nextends = \"none.toml\"\n");
  EXPECT_EQ(refusal<EnvironmentError>({"x.toml"}), "none.toml: cannot be read: No such file or directory (extended at x.toml:2:11)");
  fs::create_directories(path("folder"));
  EXPECT_EQ(refusal<EnvironmentError>({"folder"}), "folder: cannot be read: Is a directory");
  EXPECT_EQ(refusal({}), "no configuration file; give at least one");
}

TEST_F(ConfigMessages, SyntaxErrorsHaveAPlaceInEveryFile) {
  write("a.toml", "[run\n");
  write("b.toml", "a = 1\na = 2\n");
  EXPECT_EQ(refusal({"a.toml", "b.toml", "base.toml"}),
            "a.toml:1:5: not TOML: Error while parsing table header: expected ']', saw '\\n'\n"
            "b.toml:2:5: not TOML: Error while parsing key-value pair: cannot redefine existing integer 'a'");
}

TEST_F(ConfigMessages, InputThatViolatesTheAssertionsOfTheParserIsASyntaxError) {
  write("a.toml", "[=]\n");
  EXPECT_EQ(refusal({"a.toml"}),
            "a.toml:1:2: not TOML: Error while parsing key: expected bare key starting character or string delimiter, saw '='");
}

TEST_F(ConfigMessages, CirclesOfFilesAreRefused) {
  write("a.toml", "extends = \"b.toml\"\n");
  write("b.toml", "extends = [\"base.toml\", \"a.toml\"]\n");
  EXPECT_EQ(refusal({"a.toml"}), "b.toml:1:25: extends closes a circle: a.toml -> b.toml -> a.toml. Take one of these out");
  write("c.toml", "extends = \"c.toml\"\n");
  EXPECT_EQ(refusal({"c.toml"}), "c.toml:1:11: extends closes a circle: c.toml -> c.toml. Take one of these out");
  write("d.toml", "extends = [1, \"base.toml\"]\n");
  EXPECT_EQ(refusal({"d.toml"}), "d.toml:1:12: extends = 1 is a whole number; a string is needed");
}

TEST_F(ConfigMessages, AllProblemsAreCollectedInTheOrderOfFilesAndLines) {
  write("a.toml", "extends = \"base.toml\"\n[outputs]\nquantile = 1\n[run]\nyears = 0\nkeep = -1\n");
  write("b.toml", "[policies.zero]\nhazard_cut = 3\n");
  EXPECT_EQ(refusal({"a.toml", "b.toml"}, {"run.seed_worlds=x", "run.seed_chance=-1"}),
            "a.toml:3:1: unknown key 'outputs.quantile' (nothing reads it). Did you mean 'quantiles'?\n"
            "a.toml:5:9: run.years = 0 is outside [1, 100] years\n"
            "a.toml:6:8: run.keep = -1 is outside [0, 1000000]\n"
            "b.toml:2:14: policies.zero.hazard_cut = 3 is outside [0, 1] (share of the hazard that is removed)\n"
            "--set run.seed_worlds=x: run.seed_worlds = \"x\" is a string; a whole number is needed\n"
            "--set run.seed_chance=-1: run.seed_chance = -1 is outside [0, 9223372036854775807]");
}

// overrides

TEST_F(ConfigMessages, WrongOverrides) {
  const auto about = [&](const std::string& override) { return complaint("", {override}); };
  EXPECT_EQ(about("run.years"), "--set run.years: no '='; give KEY=VALUE, such as run.years=5");
  EXPECT_EQ(about("run..years=5"), "--set run..years=5: a name in KEY is empty; give KEY=VALUE, such as run.years=5");
  EXPECT_EQ(about("=5"), "--set =5: a name in KEY is empty; give KEY=VALUE, such as run.years=5");
  EXPECT_EQ(about("run.years="), "--set run.years=: VALUE is not TOML: Error while parsing key-value pair: encountered end-of-file");
  EXPECT_EQ(about("run.years=5\nkeep=1"), "--set run.years=5\nkeep=1: VALUE is not TOML: more than one value");
  EXPECT_EQ(about("run.start=2026-13-01"),
            "--set run.start=2026-13-01: VALUE is not TOML: Error while parsing date: expected month between 1 and 12 (inclusive), saw 13");
  EXPECT_EQ(about("extends=base.toml"), "--set extends=base.toml: extends can only stand in a file");
  EXPECT_EQ(about("run.yeers=5"), "--set run.yeers=5: unknown key 'run.yeers' (nothing reads it). Did you mean 'years'?");
  EXPECT_EQ(
      about("parameters.drift.p90=5"),
      "--set parameters.drift.p90=5: parameters.drift.normal: give two percentiles (p5 and p95, say) or mean and sd, not p5, p95, p90");
  EXPECT_EQ(about("policies.pusch.drift_push=0"),
            "--set policies.pusch.drift_push=0: no file has a policy 'pusch'. Did you mean 'push'? A new one needs all of it: "
            "policies.pusch={...}");
}

// unknown keys, wrong types

TEST_F(ConfigMessages, UnknownKeys) {
  EXPECT_EQ(complaint("titel = \"x\"\n"), "2:1: unknown key 'titel' (nothing reads it). Did you mean 'title'?");
  EXPECT_EQ(complaint("[output]\n"), "2:2: unknown key 'output' (nothing reads it). Did you mean 'outputs'?");
  EXPECT_EQ(complaint("[run]\nspeed = 1\n"),
            "3:1: unknown key 'run.speed' (nothing reads it). Legal here: model, start, years, trajectories, replicates, seed_worlds, "
            "seed_chance, keep, "
            "record_every_months, policies, reference, stop.");
  EXPECT_EQ(complaint("[run.stop]\nmetric = \"value\"\nstandard_error = 1\nmaximum = 1\n"),
            "5:1: unknown key 'run.stop.maximum' (nothing reads it). Legal here: statistic, metric, policy, parameter, quantile, "
            "event, threshold, time, standard_error, max_trajectories.");
  EXPECT_EQ(complaint("[outputs]\nplots = 1\n"),
            "3:1: unknown key 'outputs.plots' (nothing reads it). Legal here: quantiles, joint, satisfice, hurwicz, sensitivity.");
  EXPECT_EQ(complaint("[[correlation]]\nbetween = [\"drift\", \"barrier\"]\nrank = 0\nranks = 0\n"),
            "5:1: unknown key 'correlation.ranks' (nothing reads it). Did you mean 'rank'?");
  EXPECT_EQ(complaint("[parameters]\ndrft = 1\n"),
            "3:1: unknown parameter 'drft' (the model 'brownian' has none of that name). Did you mean 'drift'?");
  EXPECT_EQ(complaint("[parameters]\nspeed = 1\n"),
            "3:1: unknown parameter 'speed' (the model 'brownian' has none of that name). Legal here: initial, drift, volatility, barrier, "
            "hazard.");
  EXPECT_EQ(about_drift("{ p5 = 1 }"),
            "3:11: unknown key 'parameters.drift.p5' (nothing reads it). Legal here: constant, normal, lognormal, uniform, beta, "
            "triangular, pert, choice, table, "
            "truncated, mixture, source, rationale, would_change_if, unit.");
  EXPECT_EQ(about_drift("{ sauce = \"x\" }"), "3:11: unknown key 'parameters.drift.sauce' (nothing reads it). Did you mean 'source'?");
  EXPECT_EQ(about_drift("{ uniform = { low = 0, high = 1, mid = 2 } }"),
            "3:42: unknown key 'parameters.drift.uniform.mid' (nothing reads it). Legal here: low, high.");
  EXPECT_EQ(complaint("[policies.zero]\nchips = 1\n"),
            "3:1: unknown key 'policies.zero.chips' (nothing reads it). Legal here: title, description, schedule, trigger, drift_push, "
            "hazard_cut.");
  write("x.toml",
        "extends = \"" CHOKEPOINT_SOURCE_DIR "/configs/baseline.toml\"\n[policies.status_quo]\nchips = 1\n[parameters]\nchips = 1\n");
  EXPECT_EQ(refusal({"x.toml"}),
            "x.toml:3:1: unknown key 'policies.status_quo.chips' (nothing reads it). See 'chokepoint describe levers'.\n"
            "x.toml:5:1: unknown parameter 'chips' (the model 'race' has none of that name). See 'chokepoint describe parameters'.");
}

TEST_F(ConfigMessages, WrongTypes) {
  EXPECT_EQ(complaint("run = 1\n"), "2:7: run = 1 is a whole number; a table is needed");
  EXPECT_EQ(complaint("parameters = 1.5\n"), "2:14: parameters = 1.5 is a number; a table is needed");
  EXPECT_EQ(complaint("parameters = 1\n[[correlation]]\nbetween = [\"drift\", \"hazard\"]\nrank = 0.1\n"),
            "2:14: parameters = 1 is a whole number; a table is needed");
  EXPECT_EQ(complaint("policies = true\n"), "2:12: policies = true is true or false; a table is needed");
  EXPECT_EQ(complaint("outputs = []\n"), "2:11: outputs is an array; a table is needed");
  EXPECT_EQ(complaint("correlation = {}\n"), "2:15: correlation is a table; an array is needed");
  EXPECT_EQ(complaint("correlation = [1]\n"), "2:16: correlation = 1 is a whole number; a table is needed");
  EXPECT_EQ(complaint("title = 2026-01-01\n"), "2:9: title = 2026-01-01 is a date; a string is needed");
  EXPECT_EQ(complaint("title = 12:30:00\n"), "2:9: title = 12:30:00 is a time; a string is needed");
  EXPECT_EQ(complaint("title = 2026-01-01T12:30:00Z\n"), "2:9: title = 2026-01-01T12:30:00Z is a time; a string is needed");
  EXPECT_EQ(complaint("[run]\nmodel = 1\n"), "3:9: run.model = 1 is a whole number; a string is needed");
  EXPECT_EQ(complaint("[run]\nstop = 1\n"), "3:8: run.stop = 1 is a whole number; a table is needed");
  EXPECT_EQ(complaint("[run]\nyears = \"ten\"\n"), "3:9: run.years = \"ten\" is a string; a whole number is needed");
  EXPECT_EQ(complaint("policies.zero = 1\n"), "2:17: policies.zero = 1 is a whole number; a table is needed");
  EXPECT_EQ(complaint("policies.zero.trigger = {}\n"), "2:25: policies.zero.trigger is a table; an array is needed");
  EXPECT_EQ(complaint("policies.zero.trigger = [1]\n"), "2:26: policies.zero.trigger = 1 is a whole number; a table is needed");
  EXPECT_EQ(complaint("policies.zero.schedule = {}\n"), "2:26: policies.zero.schedule is a table; an array is needed");
  EXPECT_EQ(complaint("policies.zero.schedule = [1]\n"), "2:27: policies.zero.schedule = 1 is a whole number; a table is needed");
  EXPECT_EQ(complaint("policies.zero.title = 1\n"), "2:23: policies.zero.title = 1 is a whole number; a string is needed");
}

// run

TEST_F(ConfigMessages, WrongRuns) {
  const auto about = [&](const std::string& line) { return complaint("[run]\n" + line + "\n"); };
  EXPECT_EQ(about("model = \"brownien\""), "3:9: run.model = \"brownien\" is unknown. Did you mean 'brownian'?");
  EXPECT_EQ(about("model = \"chess\""), "3:9: run.model = \"chess\" is unknown. Legal here: race, brownian, textbook, inspection.");
  EXPECT_EQ(about("start = \"2026-01-01\""),
            "3:9: run.start = \"2026-01-01\" is a string; a date without quotes, such as 2026-01-01, is needed");
  EXPECT_EQ(about("start = 2026-01-15"), "3:9: run.start = 2026-01-15 is not the first day of a month; a run starts with a month");
  EXPECT_EQ(about("years = 2.5"), "3:9: run.years = 2.5 is not a whole number");
  EXPECT_EQ(about("years = nan"), "3:9: run.years = nan is not a whole number");
  EXPECT_EQ(about("years = 101"), "3:9: run.years = 101 is outside [1, 100] years");
  EXPECT_EQ(about("trajectories = 1_000_000_000_001"), "3:16: run.trajectories = 1000000000001 is outside [1, 1000000000000]");
  EXPECT_EQ(about("trajectories = 1e17"), "3:16: run.trajectories = 1e+17 is not a whole number");
  EXPECT_EQ(about("replicates = 1_000_001"), "3:14: run.replicates = 1000001 is outside [1, 512]");
  EXPECT_EQ(about("replicates = 512"),
            "base.toml:5:16: run.trajectories = 1000 is no whole multiple of run.replicates = 512, the trajectories of one world; use 512 "
            "or 1024");
  EXPECT_EQ(about("replicates = 512\ntrajectories = 100"),
            "4:16: run.trajectories = 100 is no whole multiple of run.replicates = 512, the trajectories of one world; use 512");
  EXPECT_EQ(about("keep = 1_000_001"), "3:8: run.keep = 1000001 is outside [0, 1000000]");
  EXPECT_EQ(about("record_every_months = 0"), "3:23: run.record_every_months = 0 is outside [1, 1200] months");
  EXPECT_EQ(about("record_every_months = 7"), "3:23: run.record_every_months = 7 does not divide the run of 60 months; 6 does");
  EXPECT_EQ(about("record_every_months = 100"), "3:23: run.record_every_months = 100 does not divide the run of 60 months; 60 does");
  EXPECT_EQ(about("reference = 1"), "3:13: run.reference = 1 is a whole number; a string is needed");
  EXPECT_EQ(about("reference = \"pushy\""), "3:13: run.reference = \"pushy\" is no policy. Did you mean 'push'?");
  EXPECT_EQ(about("reference = \"none\""), "3:13: run.reference = \"none\" is no policy. Legal here: zero, push, answer.");
  EXPECT_EQ(about("policies = \"push\""), "3:12: run.policies = \"push\" is a string; an array is needed");
  EXPECT_EQ(about("policies = []"), "3:12: run.policies = [] names no policy; name at least one");
  EXPECT_EQ(about("policies = [\"push\", \"pus\"]"), "3:21: run.policies: \"pus\" is no policy. Did you mean 'push'?");
  EXPECT_EQ(about("policies = [\"push\", \"push\"]"), "3:21: run.policies names \"push\" twice");
  EXPECT_EQ(about("policies = [\"push\"]\nreference = \"zero\""), "4:13: run.reference = \"zero\" is no policy. Legal here: push.");
}

TEST_F(ConfigMessages, WrongStops) {
  const auto about = [&](const std::string& lines) { return complaint("[run.stop]\n" + lines + "\n"); };
  EXPECT_EQ(about(""),
            "2:6: run.stop.standard_error is missing; give the error at which to stop, in the statistic's unit\n"
            "2:6: run.stop.metric is missing; name the metric whose mean is watched");
  EXPECT_EQ(about("standard_error = 0.1\nmetric = \"volue\""),
            "4:10: run.stop.metric: 'volue' is no metric of the model 'brownian'. Did you mean 'value'?");
  EXPECT_EQ(about("standard_error = 0.1\nmetric = 3"), "4:10: run.stop.metric = 3 is a whole number; a string is needed");
  const std::string metric = "metric = \"value\"\n";
  EXPECT_EQ(about(metric + "standard_error = 0"), "4:18: run.stop.standard_error = 0 must be above 0");
  EXPECT_EQ(about(metric + "standard_error = inf"), "4:18: run.stop.standard_error = inf is not finite");
  const std::string error = metric + "standard_error = 0.1\n";
  EXPECT_EQ(about(error + "statistic = \"sobol\""),
            "5:13: run.stop.statistic = \"sobol\" is unknown. Legal here: mean, mean_difference, quantile, difference_quantile, "
            "probability_better, event_probability, regret_mean, regret_p95, probability_best, satisficing, first_order, "
            "difference_first_order, evpi, evppi.");
  EXPECT_EQ(about(error + "statistic = \"means\""), "5:13: run.stop.statistic = \"means\" is unknown. Did you mean 'mean'?");
  EXPECT_EQ(about(error + "statistic = 1"), "5:13: run.stop.statistic = 1 is a whole number; a string is needed");
  EXPECT_EQ(about(error + "max_trajectories = 999"), "5:20: run.stop.max_trajectories = 999 is below run.trajectories = 1000");
  EXPECT_EQ(about(error + "max_trajectories = 0"), "5:20: run.stop.max_trajectories = 0 is outside [1, 1000000000000]");
  EXPECT_EQ(complaint("[run]\nreplicates = 8\n[run.stop]\nmax_trajectories = 2001\n" + error),
            "5:20: run.stop.max_trajectories = 2001 is no whole multiple of run.replicates = 8, the trajectories of one world; use 2000 or "
            "2008");
}

TEST_F(ConfigMessages, KeysOfStopsFollowTheStatistic) {
  const auto about = [&](const std::string& statistic, const std::string& lines) {
    return complaint("[run.stop]\nstatistic = \"" + statistic + "\"\nstandard_error = 0.1\n" + lines + "\n");
  };
  const std::string metric = "metric = \"value\"\n";
  EXPECT_EQ(about("mean", metric + "parameter = \"drift\""),
            "6:1: run.stop.parameter means nothing for the statistic \"mean\"; take it out. It belongs to first_order, "
            "difference_first_order, evppi");
  EXPECT_EQ(about("event_probability", metric + "event = \"barrier\""),
            "5:1: run.stop.metric means nothing for the statistic \"event_probability\"; take it out. It belongs to mean, "
            "mean_difference, quantile, difference_quantile, probability_better, regret_mean, regret_p95, probability_best, first_order, "
            "difference_first_order, evpi, evppi");
  EXPECT_EQ(
      about("regret_mean", metric + "time = 2031-01-01"),
      "6:1: run.stop.time means nothing for the statistic \"regret_mean\"; take it out. It belongs to mean, mean_difference, quantile, "
      "difference_quantile, probability_better, event_probability, first_order, difference_first_order");
  EXPECT_EQ(about("quantile", metric), "2:6: run.stop.quantile is missing; name the quantile whose quantile is watched");
  EXPECT_EQ(about("quantile", metric + "quantile = 1"), "6:12: run.stop.quantile = 1 must lie between 0 and 1, both excluded");
  EXPECT_EQ(about("event_probability", "event = \"barier\""), "5:9: run.stop.event = \"barier\" is unknown. Did you mean 'barrier'?");
  EXPECT_EQ(about("mean", metric + "policy = \"pull\""), "6:10: run.stop.policy = \"pull\" is unknown. Did you mean 'push'?");
  EXPECT_EQ(about("mean_difference", metric + "policy = \"zero\""),
            "6:10: run.stop.policy = \"zero\": this is the reference that the statistic \"mean_difference\" compares with; name another "
            "policy, or none for all");
  EXPECT_EQ(about("first_order", metric + "parameter = \"initial\""),
            "6:13: run.stop.parameter = \"initial\" is constant; name one that varies");
  EXPECT_EQ(about("first_order", metric + "time = 2026-04-01"),
            "6:8: run.stop.time = 2026-04-01: the statistic \"first_order\" is known only at the times of outputs.sensitivity, 2028-01-01, "
            "2030-01-01, 2031-01-01");
  EXPECT_EQ(about("mean", metric + "time = 2026-05-01"),
            "6:8: run.stop.time: 2026-05-01 is not the end of a recorded step; 2026-04-01 and 2026-07-01 are the nearest");
  EXPECT_EQ(about("satisficing", ""), "2:6: run.stop.statistic = \"satisficing\" needs a threshold; give one in outputs.satisfice");
  EXPECT_EQ(about("satisficing", "threshold = \"log_value\"\n[outputs.satisfice]\nvalue = \"> 1\""),
            "5:13: run.stop.threshold = \"log_value\" is unknown. Legal here: value.");
  EXPECT_EQ(about("event_probability", "event = \"trigger_1\"\npolicy = \"zero\"\n[[policies.answer.trigger]]\nwhen = \"value < 1\"\nset = "
                                       "\"push\""),
            "5:9: run.stop.event = \"trigger_1\": policy zero has no such trigger; name another policy, or none for all");
}

TEST_F(ConfigMessages, SomeStopsNeedADirectionSeveralPoliciesOrAVaryingParameter) {
  const std::string head = "[run]\nmodel = \"brownian\"\n[parameters]\ninitial = 1\ndrift = 0\nvolatility = 1\nbarrier = 2\nhazard = 1\n";
  const auto about = [&](const std::string& statistic) {
    write("x.toml", head + "[policies.a]\n[run.stop]\nmetric = \"value\"\nstandard_error = 1\nstatistic = \"" + statistic + "\"\n");
    return refusal({"x.toml"});
  };
  EXPECT_EQ(about("mean_difference"), "x.toml:10:6: run.stop.statistic = \"mean_difference\" compares policies; there is only one");
  EXPECT_EQ(about("first_order"), "x.toml:10:6: run.stop.statistic = \"first_order\" needs a parameter that varies; all are constant");
  const auto undirected =
      std::ranges::find_if(find_model("race")->metrics, [](const MetricRow& m) { return m.direction == Direction::kNone; });
  write("x.toml", "extends = \"" CHOKEPOINT_SOURCE_DIR
                  "/configs/baseline.toml\"\n[run.stop]\nstandard_error = 1\nstatistic = \"regret_mean\"\n"
                  "metric = \"" +
                      std::string(undirected->key) + "\"\n");
  EXPECT_EQ(refusal({"x.toml"}),
            "x.toml:5:10: run.stop.metric = \"" + std::string(undirected->key) +
                "\": the statistic \"regret_mean\" needs a metric of which more or less is better, and this one has no "
                "direction");
}

// parameters

TEST_F(ConfigMessages, MissingParametersAreNamedWithUnitAndMeaning) {
  write("x.toml", "[run]\nmodel = \"brownian\"\n[parameters]\ndrift = 0\nvolatility = 1\nbarrier = 2\n[policies.a]\n");
  EXPECT_EQ(refusal({"x.toml"}),
            "x.toml: parameters.initial is missing (1: value at start)\n"
            "x.toml: parameters.hazard is missing (1/yr: rate of an event independent of the value)");
}

TEST_F(ConfigMessages, WrongParameters) {
  EXPECT_EQ(about_drift("inf"), "3:9: parameters.drift = inf is not finite");
  EXPECT_EQ(about_drift("nan"), "3:9: parameters.drift = nan is not finite");
  EXPECT_EQ(about_drift("1e300"), "3:9: parameters.drift = 1e+300 is outside (-inf, inf) 1/yr (growth rate of the mean)");
  EXPECT_EQ(about_drift("\"fast\""), "3:9: parameters.drift = \"fast\" is a string; a number is needed");
  EXPECT_EQ(about_drift("{ normal = 1 }"), "3:20: parameters.drift.normal = 1 is a whole number; a table is needed");
  EXPECT_EQ(about_drift("{ mixture = 1 }"), "3:21: parameters.drift.mixture = 1 is a whole number; an array is needed");
  EXPECT_EQ(about_drift("{ source = 1 }"), "3:20: parameters.drift.source = 1 is a whole number; a string is needed");
  EXPECT_EQ(about_drift("{ unit = 1 }"), "3:18: parameters.drift.unit = 1 is a whole number; a string is needed");
  EXPECT_EQ(about_drift("{ unit = \"1/month\" }"),
            "3:18: parameters.drift is given in '1/month', but the model takes '1/yr' (growth rate of the mean); convert the numbers");
  EXPECT_EQ(about_drift("{ uniform = { low = 0, high = 1 }, constant = 1 }"),
            "3:44: parameters.drift has two laws, uniform and constant; give one");
  write("x.toml",
        "[run]\nmodel = \"brownian\"\n[parameters]\ninitial = 1\ndrift = { source = \"S\" }\nvolatility = 1\nbarrier = 2\nhazard = "
        "0.1\n[policies.a]\n");
  EXPECT_EQ(refusal({"x.toml"}),
            "x.toml:5:9: parameters.drift has no law; give one of constant, normal, lognormal, uniform, beta, triangular, pert, choice, "
            "table, truncated, mixture");
}

TEST_F(ConfigMessages, ValuesOutsideTheRange) {
  const auto about_hazard = [&](const std::string& value) { return complaint("[parameters]\nhazard = " + value + "\n"); };
  const std::string end = " is outside (0, inf) 1/yr (rate of an event independent of the value)";
  EXPECT_EQ(about_hazard("-1"), "3:10: parameters.hazard = -1" + end);
  EXPECT_EQ(about_hazard("{ uniform = { low = -2, high = -1 } }"),
            "3:22: parameters.hazard: every draw of uniform = { low = -2, high = -1 }" + end);
  EXPECT_EQ(about_hazard("{ beta = { alpha = 1, beta = 1, low = -2, high = -1 } }"),
            "3:19: parameters.hazard: every draw of beta = { alpha = 1, beta = 1, low = -2, high = -1 }" + end);
  EXPECT_EQ(about_hazard("{ choice = { values = [-1, 1], weights = [1, 0] } }"),
            "3:21: parameters.hazard: every draw of choice = { values = [-1, 1], weights = [1, 0] }" + end);
  EXPECT_EQ(about_hazard("{ truncated = { of = { normal = { mean = 0, sd = 1 } }, low = -1, high = 0 } }"),
            "3:24: parameters.hazard: every draw of truncated = { of = { normal = { mean = 0, sd = 1 } }, low = -1, high = 0 }" + end);
  EXPECT_EQ(about_hazard("{ mixture = [ { weight = 1, constant = -1 } ] }"),
            "3:22: parameters.hazard: every draw of mixture = [{ weight = 1, constant = -1 }]" + end);
  write("x.toml", "extends = \"" CHOKEPOINT_SOURCE_DIR "/configs/baseline.toml\"\n[parameters]\nrow_share = 1\ncompetitors = 0.5\n");
  EXPECT_EQ(refusal({"x.toml"}),
            "x.toml:3:13: parameters.row_share = 1 is outside [0.001, 0.999] (third countries' share of what is left after China)\n"
            "x.toml:4:15: parameters.competitors = 0.5 is outside [1, inf) (near-frontier providers at start)");
}

TEST_F(ConfigMessages, WrongArgumentsOfLaws) {
  const auto about = [&](const std::string& law) { return about_drift("{ " + law + " }"); };
  EXPECT_EQ(about("lognormal = {}"),
            "3:23: parameters.drift.lognormal: median is missing; give two percentiles (p5 and p95, say) or median and sd_log\n"
            "3:23: parameters.drift.lognormal: sd_log is missing; give two percentiles (p5 and p95, say) or median and sd_log");
  EXPECT_EQ(about("uniform = { low = 1 }"), "3:21: parameters.drift.uniform: high is missing; give low and high");
  EXPECT_EQ(about("beta = { alpha = 1 }"), "3:18: parameters.drift.beta: beta is missing; give alpha, beta");
  EXPECT_EQ(about("pert = { low = 1, mode = 2 }"), "3:18: parameters.drift.pert: high is missing; give low, mode, high");
  EXPECT_EQ(about("choice = { values = [1] }"), "3:20: parameters.drift.choice: weights is missing; give values and weights");
  EXPECT_EQ(about("table = { values = [1] }"), "3:19: parameters.drift.table: probabilities is missing; give probabilities and values");
  EXPECT_EQ(about("truncated = { low = 0, high = 1 }"), "3:23: parameters.drift.truncated: of is missing; give of, low, high");
  EXPECT_EQ(about("normal = { mean = \"x\", sd = 1 }"), "3:29: parameters.drift.normal.mean = \"x\" is a string; a number is needed");
  EXPECT_EQ(about("normal = { p5 = \"x\", p95 = 1 }"), "3:27: parameters.drift.normal.p5 = \"x\" is a string; a number is needed");
  EXPECT_EQ(about("normal = { mean = 1, sd = 0 }"), "3:20: parameters.drift.normal: sd = 0 must be above 0");
  EXPECT_EQ(about("lognormal = { median = -1, sd_log = 1 }"), "3:23: parameters.drift.lognormal: median = -1 must be above 0");
  EXPECT_EQ(about("lognormal = { median = 1, sd_log = 0 }"), "3:23: parameters.drift.lognormal: sd_log = 0 must be above 0");
  EXPECT_EQ(about("beta = { alpha = 0, beta = 1 }"), "3:18: parameters.drift.beta: alpha = 0 must be above 0");
  EXPECT_EQ(about("beta = { alpha = 1, beta = 1, low = 1 }"), "3:18: parameters.drift.beta: low = 1 must be below high = 1 (1/yr)");
  EXPECT_EQ(about("uniform = { low = 1, high = 1 }"), "3:21: parameters.drift.uniform: low = 1 must be below high = 1 (1/yr)");
  EXPECT_EQ(about("triangular = { low = 0, mode = 3, high = 2 }"),
            "3:24: parameters.drift.triangular: mode = 3 must not exceed high = 2 (1/yr)");
  EXPECT_EQ(about("pert = { low = 0, mode = -1, high = 2 }"), "3:18: parameters.drift.pert: low = 0 must not exceed mode = -1 (1/yr)");
  EXPECT_EQ(about("pert = { low = 1, mode = 1, high = 1 }"), "3:18: parameters.drift.pert: low = 1 must be below high = 1 (1/yr)");
  EXPECT_EQ(about("uniform = { low = 0, high = inf }"), "3:39: parameters.drift.uniform.high = inf is not finite");
}

TEST_F(ConfigMessages, WrongIntervals) {
  const auto about = [&](const std::string& law) { return about_drift("{ " + law + " }"); };
  EXPECT_EQ(about("normal = { p5 = 2, p95 = 2 }"), "3:20: parameters.drift.normal: p5 = 2 must be below p95 = 2 (1/yr)");
  EXPECT_EQ(about("normal = { p95 = 1, p5 = 2 }"), "3:20: parameters.drift.normal: p5 = 2 must be below p95 = 1 (1/yr)");
  EXPECT_EQ(about("lognormal = { p5 = 0, p95 = 2 }"), "3:23: parameters.drift.lognormal: p5 = 0 must be above 0 (1/yr)");
  EXPECT_EQ(about("normal = { p5 = 1, p50 = 2, p95 = 3 }"),
            "3:20: parameters.drift.normal: give two percentiles (p5 and p95, say) or mean and sd, not p5, p50, p95");
  EXPECT_EQ(about("lognormal = { p5 = 1, median = 2 }"),
            "3:23: parameters.drift.lognormal: give two percentiles (p5 and p95, say) or median and sd_log, not p5, median");
  for (const char* key : {"p0", "p05", "p100", "px", "p2x", "q5"})
    EXPECT_EQ(
        about(std::string("lognormal = { ") + key + " = 1, p95 = 2 }"),
        std::string("3:23: parameters.drift.lognormal: give two percentiles (p5 and p95, say) or median and sd_log, not ") + key + ", p95");
}

TEST_F(ConfigMessages, WrongChoicesAndTables) {
  const auto about = [&](const std::string& law) { return about_drift("{ " + law + " }"); };
  EXPECT_EQ(about("choice = { values = 1, weights = [1] }"),
            "3:31: parameters.drift.choice.values = 1 is a whole number; an array is needed");
  EXPECT_EQ(about("choice = { values = [1, nan], weights = [1, 1] }"), "3:35: parameters.drift.choice.values = nan is not finite");
  EXPECT_EQ(about("choice = { values = [1, 2], weights = [1] }"),
            "3:20: parameters.drift.choice: 2 values, but 1 weights; give one weight for each value");
  EXPECT_EQ(about("choice = { values = [], weights = [] }"),
            "3:20: parameters.drift.choice: the weights add up to 0; the sum must be above 0");
  EXPECT_EQ(about("choice = { values = [1, 2], weights = [2, -1] }"), "3:20: parameters.drift.choice: weight -1 is negative");
  EXPECT_EQ(about("table = { probabilities = [0, 1], values = [1] }"),
            "3:19: parameters.drift.table: 2 probabilities, but 1 values; give one value for each probability");
  EXPECT_EQ(about("table = { probabilities = [0], values = [1] }"),
            "3:19: parameters.drift.table: give at least two probabilities, 0 and 1, with their values");
  EXPECT_EQ(about("table = { probabilities = [0.1, 1], values = [1, 2] }"),
            "3:19: parameters.drift.table: the probabilities go from 0.1 to 1; they must go from 0 to 1");
  EXPECT_EQ(about("table = { probabilities = [0, 0.5, 0.5, 1], values = [1, 2, 3, 4] }"),
            "3:19: parameters.drift.table: probability 0.5 is followed by 0.5; probabilities must increase");
  EXPECT_EQ(about("table = { probabilities = [0, 0.5, 1], values = [1, 3, 2] }"),
            "3:19: parameters.drift.table: value 3 is followed by 2; values must not decrease (1/yr)");
}

TEST_F(ConfigMessages, WrongLawsInsideLaws) {
  const auto about = [&](const std::string& law) { return about_drift("{ " + law + " }"); };
  EXPECT_EQ(about("mixture = []"), "3:21: parameters.drift.mixture: it has no parts; give [ { weight = w, LAW = {...} }, ... ]");
  EXPECT_EQ(about("mixture = [ 1 ]"), "3:23: parameters.drift.mixture = 1 is a whole number; a table is needed");
  EXPECT_EQ(about("mixture = [ { constant = 1 } ]"), "3:23: parameters.drift.mixture: weight is missing; each part needs one");
  EXPECT_EQ(about("mixture = [ { weight = 1 } ]"),
            "3:23: parameters.drift.mixture has no law; give one of constant, normal, lognormal, uniform, beta, triangular, pert, choice, "
            "table, truncated, mixture");
  EXPECT_EQ(about("mixture = [ { weight = 0, constant = 1 } ]"),
            "3:21: parameters.drift.mixture: the weights add up to 0; the sum must be above 0");
  EXPECT_EQ(about("mixture = [ { weight = -1, constant = 1 } ]"), "3:21: parameters.drift.mixture: weight -1 is negative");
  EXPECT_EQ(about("mixture = [ { weight = \"x\", constant = 1 } ]"),
            "3:34: parameters.drift.mixture.weight = \"x\" is a string; a number is needed");
  EXPECT_EQ(about("mixture = [ { weigth = 1, weight = 1, constant = 1 } ]"),
            "3:25: unknown key 'parameters.drift.mixture.weigth' (nothing reads it). Did you mean 'weight'?");
  EXPECT_EQ(about("mixture = [ { weight = 1, mixture = [] } ]"),
            "3:37: parameters.drift.mixture: mixture cannot stand inside mixture; use constant, normal, lognormal, uniform, beta, "
            "triangular, pert, choice, table, truncated");
  EXPECT_EQ(about("truncated = { of = { mixture = [] }, low = 0, high = 1 }"),
            "3:32: parameters.drift.truncated: mixture cannot stand inside truncated; use normal, lognormal, uniform, beta, triangular, "
            "pert, table");
  EXPECT_EQ(about("truncated = { of = 1, low = 0, high = 1 }"),
            "3:30: parameters.drift.truncated.of = 1 is a whole number; a table with one law is needed");
  EXPECT_EQ(about("truncated = { of = { normal = { mean = 0, sd = 1 }, wait = 1 }, low = 0, high = 1 }"),
            "3:63: unknown key 'parameters.drift.truncated.of.wait' (nothing reads it). Legal here: constant, normal, lognormal, uniform, "
            "beta, triangular, pert, choice, "
            "table, truncated, mixture.");
  EXPECT_EQ(about("truncated = { of = { normal = { mean = 0, sd = 1 } }, low = 1, high = 0 }"),
            "3:23: parameters.drift.truncated: low = 1 must be below high = 0 (1/yr)");
  const std::string end = "; it must hold at least 0.001. Give that part as a table";
  EXPECT_EQ(about("truncated = { of = { normal = { mean = 0, sd = 1 } }, low = 5, high = 6 }"),
            "3:23: parameters.drift.truncated: [5, 6] (1/yr) holds 2.86e-07 of normal" + end);
  EXPECT_EQ(about("truncated = { of = { lognormal = { median = 1, sd_log = 1 } }, low = -2, high = 0 }"),
            "3:23: parameters.drift.truncated: [-2, 0] (1/yr) holds 0 of lognormal" + end);
}

TEST_F(ConfigMessages, TooManyDistributions) {
  std::string parts;
  for (int i = 0; i < 190; ++i) parts += "{ weight = 1, constant = 1 },";
  EXPECT_EQ(complaint("[parameters]\ndrift = { mixture = [" + parts + "] }\n"),
            "2:1: 195 parameters and parts of their mixtures; at most 192 are possible");
}

// correlations

TEST_F(ConfigMessages, WrongCorrelations) {
  const auto about = [&](const std::string& lines) { return complaint("[[correlation]]\n" + lines + "\n"); };
  EXPECT_EQ(about(""),
            "2:1: correlation.between is missing; name two parameters\n"
            "2:1: correlation.rank is missing; give Spearman's rank correlation, between -1 and 1");
  EXPECT_EQ(about("rank = 0.1\nbetween = \"drift\""), "4:11: correlation.between = \"drift\" is a string; an array is needed");
  EXPECT_EQ(about("rank = 0.1\nbetween = [\"drift\"]"), "4:11: correlation.between names 1 parameters; name two");
  EXPECT_EQ(about("rank = 0.1\nbetween = [1, \"drift\"]"), "4:12: correlation.between = 1 is a whole number; a string is needed");
  EXPECT_EQ(about("rank = 0.1\nbetween = [\"drift\", \"drift\"]"),
            "4:11: correlation.between names 'drift' twice; name two different parameters");
  EXPECT_EQ(about("rank = 0.1\nbetween = [\"drift\", \"barier\"]"),
            "4:21: correlation.between: unknown parameter 'barier'. Did you mean 'barrier'?");
  EXPECT_EQ(about("rank = 0.1\nbetween = [\"drift\", \"hazard\"]"),
            "4:21: correlation.between: 'hazard' is constant and cannot be correlated; give it a distribution");
  EXPECT_EQ(about("rank = -1\nbetween = [\"drift\", \"barrier\"]"), "3:8: correlation.rank = -1 must lie between -1 and 1, both excluded");
  EXPECT_EQ(about("rank = nan\nbetween = [\"drift\", \"barrier\"]"), "3:8: correlation.rank = nan is not finite");
  EXPECT_EQ(about("rank = 0.1\nbetween = [\"drift\", \"barrier\"]\n[[correlation]]\nrank = 0.2\nbetween = [\"barrier\", \"drift\"]"),
            "7:11: the correlation of 'barrier' and 'drift' is given twice; keep one");
  EXPECT_EQ(about("rank = 0.1\nbetween = [\"drift\", \"barrier\"]\n[parameters]\ndrift = { mixture = [ { weight = 1, constant = 1 } ] }"),
            "4:12: correlation.between: 'drift' cannot be correlated: a mixture has no single quantile function; use table or truncated");
}

TEST_F(ConfigMessages, CorrelationsThatContradictOneAnother) {
  const auto pair = [](const char* a, const char* b, double rank) {
    return std::string("[[correlation]]\nbetween = [\"") + a + "\", \"" + b + "\"]\nrank = " + std::to_string(rank) + "\n";
  };
  EXPECT_EQ(complaint(pair("drift", "barrier", 0.9) + pair("barrier", "volatility", 0.9) + pair("drift", "volatility", 0.7)), "accepted");
  EXPECT_EQ(complaint(pair("drift", "barrier", 0.9) + pair("barrier", "volatility", 0.9) + pair("drift", "volatility", -0.5)),
            "2:1: the rank correlations of drift, volatility, barrier contradict one another (their matrix is not positive definite); move "
            "some ranks towards 0");
  // Just positive definite as ranks, but not as correlations of the normal scores, 2 sin(pi rank / 6).
  EXPECT_EQ(complaint(pair("drift", "barrier", 0) + pair("barrier", "volatility", 0.70) + pair("drift", "volatility", 0.70)),
            "2:1: the rank correlations of drift, volatility, barrier contradict one another (their matrix is not positive definite); move "
            "some ranks towards 0");
}

TEST_F(ConfigMessages, TooManyCorrelatedParameters) {
  const Scenario baseline = read_scenario({CHOKEPOINT_SOURCE_DIR "/configs/baseline.toml"}, {});
  std::string text = "extends = \"" CHOKEPOINT_SOURCE_DIR "/configs/baseline.toml\"\n";
  for (int i = 0; i < 16; ++i)
    text += std::string("[[correlation]]\nbetween = [\"") + baseline.model->parameters[0].key + "\", \"" +
            baseline.model->parameters[i + 1].key + "\"]\nrank = 0.01\n";
  write("x.toml", text);
  EXPECT_EQ(refusal({"x.toml"}), "x.toml:2:1: 17 parameters are correlated; at most 16 are possible");
}

// policies

TEST_F(ConfigMessages, WrongPolicies) {
  EXPECT_EQ(complaint("[policies.Zero-2]\n"), "2:11: a policy cannot be called 'Zero-2'; use a-z, 0-9 and _, and start with a letter");
  EXPECT_EQ(complaint("[policies]\n2x = {}\n"), "3:1: a policy cannot be called '2x'; use a-z, 0-9 and _, and start with a letter");
  EXPECT_EQ(complaint("[policies.zero]\nhazard_cut = -0.1\n"),
            "3:14: policies.zero.hazard_cut = -0.1 is outside [0, 1] (share of the hazard that is removed)");
  EXPECT_EQ(complaint("[policies.zero]\nhazard_cut = \"x\"\n"), "3:14: policies.zero.hazard_cut = \"x\" is a string; a number is needed");
  EXPECT_EQ(complaint("[policies.zero]\nhazard_cut = { a = 1 }\n"), "3:14: policies.zero.hazard_cut is a table; a number is needed");
  EXPECT_EQ(complaint("[policies.zero]\nhazard_cut = { rule = { below = 1 }, from = 2026-01-13 }\n"),
            "3:14: policies.zero.hazard_cut: no rule on chips gives this lever; give a number");
  write("x.toml", "[run]\nmodel = \"brownian\"\n[parameters]\ninitial = 1\ndrift = 0\nvolatility = 1\nbarrier = 2\nhazard = 0.1\n");
  EXPECT_EQ(refusal({"x.toml"}), "x.toml: there is no policy; give at least one, [policies.NAME]");
  std::string many = "[policies]\n";
  for (int i = 0; i < 998; ++i) many += "p" + std::to_string(i) + " = {}\n";
  EXPECT_EQ(complaint(many), "1000:1: 1001 policies; at most 1000 are possible");
}

TEST_F(ConfigMessages, WrongSchedules) {
  const auto about = [&](const std::string& entries) { return complaint("[policies.zero]\nschedule = [ " + entries + " ]\n"); };
  EXPECT_EQ(about("{ hazard_cut = 1 }"),
            "3:14: policies.zero.schedule: from is missing; give the first day of a month, such as from = 2027-07-01");
  EXPECT_EQ(about("{ from = \"2027-07\", hazard_cut = 1 }"),
            "3:23: policies.zero.schedule.from = \"2027-07\" is a string; a date without quotes, such as 2027-07-01, is needed");
  EXPECT_EQ(about("{ from = 2027-07-04, hazard_cut = 1 }"),
            "3:23: policies.zero.schedule.from = 2027-07-04 is not the first day of a month; levers change by the month");
  EXPECT_EQ(about("{ from = 2025-12-01, hazard_cut = 1 }"),
            "3:23: policies.zero.schedule.from = 2025-12-01 is outside the run, which starts on 2026-01-01 and lasts 5 years");
  EXPECT_EQ(about("{ from = 2031-01-01, hazard_cut = 1 }"),
            "3:23: policies.zero.schedule.from = 2031-01-01 is outside the run, which starts on 2026-01-01 and lasts 5 years");
  EXPECT_EQ(about("{ from = 2030-12-01, hazard_cut = 1 }"), "accepted");
  EXPECT_EQ(about("{ from = 2027-07-01 }"), "3:14: policies.zero.schedule: an entry changes no lever; name at least one");
  EXPECT_EQ(about("{ from = 2027-07-01, hazard_cut = 2 }"),
            "3:48: policies.zero.schedule.hazard_cut = 2 is outside [0, 1] (share of the hazard that is removed)");
  EXPECT_EQ(about("{ from = 2027-07-01, hazard_cat = 1 }"),
            "3:35: unknown key 'policies.zero.schedule.hazard_cat' (nothing reads it). Did you mean 'hazard_cut'?");
  EXPECT_EQ(about("{ from = 2027-07-01, hazard_cut = 1 }, { from = 2027-07-01, drift_push = 1 }"),
            "3:62: policies.zero.schedule.from = 2027-07-01 is given twice, first at 3:23; put both into one entry");
  std::string many;
  for (int i = 0; i < 160; ++i) many += "{ from = 2027-07-01, hazard_cut = 1 },";
  EXPECT_EQ(about(many), "3:12: policies.zero.schedule has 160 entries; at most 159 are possible");
}

TEST_F(ConfigMessages, WrongTriggers) {
  const auto about = [&](const std::string& lines) { return complaint("[[policies.zero.trigger]]\n" + lines + "\n"); };
  const std::string set = "set = \"push\"\n", when = "when = \"value < 1\"\n";
  EXPECT_EQ(about(""),
            "2:1: policies.zero.trigger: when is missing; give a condition, such as when = \"value < 3\"\n"
            "2:1: policies.zero.trigger: set is missing; give a table of levers or a policy's name");
  EXPECT_EQ(about(set + "when = 3"), "4:8: policies.zero.trigger.when = 3 is a whole number; a string is needed");
  for (const char* text :
       {"value", "value 3", "< 3", "value < x", "value < 3 months", "value == 3", "value < inf", "value < 1e99", "value =< 3", ""})
    EXPECT_EQ(about(set + "when = \"" + text + "\""),
              std::string("4:8: policies.zero.trigger.when = \"") + text +
                  "\" is no condition; give \"METRIC OP NUMBER\" with one of < <= > >=, such as \"value < 3\"");
  EXPECT_EQ(about(set + "when = \"speed < 3\""),
            "4:8: policies.zero.trigger.when: 'speed' is no metric of the model 'brownian'. Legal here: value, log_value.");
  EXPECT_EQ(about(set + when + "release = \"value\""),
            "5:11: policies.zero.trigger.release = \"value\" is no condition; give \"METRIC OP NUMBER\" with one of < <= > >=, such as "
            "\"value < 3\"");
  EXPECT_EQ(about(set + when + "months = 0"), "5:10: policies.zero.trigger.months = 0 is outside [1, 1200] months");
  EXPECT_EQ(about(set + when + "release = \"value > 1\"\nrelease_months = 1201"),
            "6:18: policies.zero.trigger.release_months = 1201 is outside [1, 1200] months");
  EXPECT_EQ(about(set + when + "release_months = 2"),
            "5:1: policies.zero.trigger.release_months without release: once fired, this trigger stays");
  EXPECT_EQ(about(set + when + "until = 2"),
            "5:1: unknown key 'policies.zero.trigger.until' (nothing reads it). Legal here: when, set, release, months, release_months.");
  EXPECT_EQ(about(when + "set = 1"),
            "4:7: policies.zero.trigger.set = 1 is a whole number; a table of levers or a policy's name is needed");
  EXPECT_EQ(about(when + "set = \"psh\""), "4:7: policies.zero.trigger.set = \"psh\" is no policy. Did you mean 'push'?");
  EXPECT_EQ(about(when + "set = \"answer\""), "4:7: policies.zero.trigger.set = \"answer\" changes no lever: that policy names none");
  EXPECT_EQ(about(when + "set = {}"), "4:7: policies.zero.trigger.set = {} changes no lever; name at least one");
  EXPECT_EQ(about(when + "set = { hazard_cut = 2 }"),
            "4:22: policies.zero.trigger.set.hazard_cut = 2 is outside [0, 1] (share of the hazard that is removed)");
  EXPECT_EQ(about(when + "set = { hazard = 1 }"),
            "4:9: unknown key 'policies.zero.trigger.set.hazard' (nothing reads it). Legal here: drift_push, hazard_cut.");
  std::string nine;
  for (int i = 0; i < 9; ++i) nine += "[[policies.zero.trigger]]\n" + when + set;
  EXPECT_EQ(complaint(nine), "26:1: policies.zero has 9 triggers; at most 8 are possible");
}

// outputs

TEST_F(ConfigMessages, WrongOutputs) {
  const auto about = [&](const std::string& line) { return complaint("[outputs]\n" + line + "\n"); };
  EXPECT_EQ(about("quantiles = 0.5"), "3:13: outputs.quantiles = 0.5 is a number; an array is needed");
  EXPECT_EQ(about("quantiles = []"), "3:13: outputs.quantiles has 0 numbers; give 1 to 99");
  EXPECT_EQ(about("quantiles = [0, 0.5, 1]"),
            "3:14: outputs.quantiles: 0 must lie between 0 and 1, both excluded\n"
            "3:22: outputs.quantiles: 1 must lie between 0 and 1, both excluded");
  EXPECT_EQ(about("quantiles = [0.5, 0.5]"), "3:19: outputs.quantiles: 0.5 follows 0.5; quantiles must increase");
  EXPECT_EQ(about("quantiles = [0.5, \"x\"]"), "3:19: outputs.quantiles = \"x\" is a string; a number is needed");
  EXPECT_EQ(about("joint = 1"), "3:9: outputs.joint = 1 is a whole number; an array is needed");
  EXPECT_EQ(about("joint = [\"value\"]"), "3:10: outputs.joint = \"value\" is a string; an array is needed");
  EXPECT_EQ(about("joint = [[\"value\"]]"), "3:10: outputs.joint: 1 metrics where a pair is needed");
  EXPECT_EQ(about("joint = [[\"value\", \"value\"]]"), "3:10: outputs.joint: 'value' is paired with itself; name two different metrics");
  EXPECT_EQ(about("joint = [[\"value\", \"barrier\"]]"),
            "3:20: outputs.joint: 'barrier' is no metric of the model 'brownian'. Legal here: value, log_value.");
  std::string nine;
  for (int i = 0; i < 9; ++i) nine += "[\"value\", \"log_value\"],";
  EXPECT_EQ(about("joint = [" + nine + "]"), "3:9: outputs.joint has 9 pairs; at most 8 are possible");
  EXPECT_EQ(about("hurwicz = 1.5"),
            "3:11: outputs.hurwicz = 1.5 is outside [0, 1]: 0 looks at the worst world alone, 1 at the best");
  EXPECT_EQ(about("hurwicz = \"x\""), "3:11: outputs.hurwicz = \"x\" is a string; a number is needed");
  EXPECT_EQ(about("satisfice = []"), "3:13: outputs.satisfice is an array; a table is needed");
  EXPECT_EQ(about("satisfice = { valu = \"> 1\" }"),
            "3:15: outputs.satisfice: 'valu' is no metric or event of the model 'brownian'. Did you mean 'value'?");
  EXPECT_EQ(about("satisfice = { value = 1 }"), "3:23: outputs.satisfice.value = 1 is a whole number; a string is needed");
  for (const char* bound : {"6", "== 6", "> x", ">"})
    EXPECT_EQ(about(std::string("satisfice = { value = \"") + bound + "\" }"),
              std::string("3:23: outputs.satisfice.value = \"") + bound +
                  "\" is not a bound on a metric: write one of < <= > >= and a number, such as \">= 6\"");
  for (const char* bound : {"== 2", "> 0", "never"})
    EXPECT_EQ(about(std::string("satisfice = { barrier = \"") + bound + "\" }"),
              std::string("3:25: outputs.satisfice.barrier = \"") + bound +
                  "\" is not a statement about an event: write \"== 0\" (it must not occur) or \"== 1\" (it must)");
}

TEST_F(ConfigMessages, WrongTimesOfSensitivity) {
  const auto about = [&](const std::string& times) { return complaint("[outputs.sensitivity]\n" + times + "\n"); };
  EXPECT_EQ(about("time = 1"), "3:1: unknown key 'outputs.sensitivity.time' (nothing reads it). Did you mean 'times'?");
  EXPECT_EQ(complaint("[outputs]\nsensitivity = 1\n"), "3:15: outputs.sensitivity = 1 is a whole number; a table is needed");
  EXPECT_EQ(about("times = 2028-01-01"), "3:9: outputs.sensitivity.times = 2028-01-01 is a date; an array is needed");
  EXPECT_EQ(about("times = [2028]"),
            "3:10: outputs.sensitivity.times = 2028 is a whole number; a date without quotes, such as 2031-01-01, is needed");
  const std::string wrong = " is not the end of a recorded step; ";
  const auto at = [&](const std::string& date) { return about("times = [" + date + "]"); };
  EXPECT_EQ(at("2028-01-02"), "3:10: outputs.sensitivity.times: 2028-01-02" + wrong + "2028-01-01 and 2028-04-01 are the nearest");
  EXPECT_EQ(at("2030-12-01"), "3:10: outputs.sensitivity.times: 2030-12-01" + wrong + "2030-10-01 and 2031-01-01 are the nearest");
  EXPECT_EQ(at("2026-01-01"), "3:10: outputs.sensitivity.times: 2026-01-01" + wrong + "2026-04-01 is the nearest");
  EXPECT_EQ(at("1999-12-31"), "3:10: outputs.sensitivity.times: 1999-12-31" + wrong + "2026-04-01 is the nearest");
  EXPECT_EQ(at("2031-01-02"), "3:10: outputs.sensitivity.times: 2031-01-02" + wrong + "2031-01-01 is the nearest");
  EXPECT_EQ(at("2028-01-01, 2028-01-01"), "3:22: outputs.sensitivity.times names 2028-01-01 twice; keep one");
  std::string many;
  for (int k = 1; k <= kMaxTimes; ++k) {
    const int month = k % 12 + 1, year = 2026 + k / 12;
    many += std::to_string(year) + (month < 10 ? "-0" : "-") + std::to_string(month) + "-01, ";
  }
  EXPECT_EQ(about("times = [" + many + "]\n[run]\nrecord_every_months = 1"),
            "3:9: outputs.sensitivity.times: 33 times with the end of the run; at most 32 are possible");
  EXPECT_EQ(complaint("[run]\nyears = 0\n[outputs.sensitivity]\ntimes = [2028-01-01]\n"), "3:9: run.years = 0 is outside [1, 100] years")
      << "times cannot be judged";
}

TEST_F(ConfigMessages, TooManyThresholds) {
  std::string thresholds;
  const ModelInfo& race = *find_model("race");
  for (const MetricRow& metric : race.metrics) thresholds += std::string(metric.key) + " = \"> 1\"\n";
  for (const EventRow& event : race.events) thresholds += std::string(event.key) + " = \"== 0\"\n";
  const std::size_t count = race.metrics.size() + race.events.size();
  ASSERT_GT(count, std::size_t{kMaxThresholds});
  write("x.toml", "extends = \"" CHOKEPOINT_SOURCE_DIR "/configs/baseline.toml\"\n[outputs.satisfice]\n" + thresholds);
  EXPECT_EQ(refusal({"x.toml"}),
            "x.toml:2:1: outputs.satisfice has " + std::to_string(count) + " thresholds; at most 32 are possible");
}

}  // namespace
}  // namespace chokepoint
