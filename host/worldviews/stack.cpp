// SPDX-License-Identifier: Apache-2.0
#include "stack.h"

#include <algorithm>
#include <sstream>

#include "../results/copy.h"
#include "../results/layout.h"
#include "../statistics/decision.h"
#include "across.h"

namespace chokepoint {

namespace {

using Doubles = std::vector<double>;

class Stack {
 public:
  Stack(const std::vector<NamedView>& views, Recorder& out)
      : views_(views), first_(views.front().result), out_(out), view_{"worldview", views.size()} {}

  void put() {
    out_.enter(kWorldviewGroup);
    std::vector<std::string> names;
    for (const NamedView& view : views_) names.push_back(view.name);
    out_.put_texts({"worldview", {view_}, "1", "world view; the first one: the scenario as given"}, names);
    // In this group, so that it has labels when it is read alone.
    for (const char* axis :
         {"/policy", "/time", "/year", "/quantile", "/event", "/bound", "/decision/basis", "/decision/other_policy", "/decision/threshold"})
      if (first_.has_dataset(axis)) put_coordinate(axis);
    std::istringstream metrics(first_.text_attribute("/", "metrics").value_or(""));
    for (std::string metric; metrics >> metric;) put_metric(metric);
    stack("/event_probability");
    stack("/event_probability_bounds");
    if (!first_.has_dataset("/decision/threshold")) return;
    stack("/decision/satisfied");
    stack("/decision/satisfied_bounds");
  }

 private:
  void put_coordinate(const std::string& path) {
    const Variable variable = variable_of(first_.dataset(path));
    if (const auto type = first_.open(path).type(); !type)
      out_.put_texts(variable, first_.texts(path));
    else if (*type == Number::kInt64)
      out_.put(variable, first_.values<std::int64_t>(path, {variable.rows()}));
    else
      out_.put(variable, first_.values<double>(path, {variable.rows()}));
  }

  void put_metric(const std::string& metric) {
    for (const char* of_policies : {"_mean", "_mean_se", "_sd", "_quantile"}) stack("/" + metric + of_policies);
    for (const char* of_pairs : {"_mean_difference", "_mean_difference_se"}) stack("/paired/" + metric + of_pairs);
    const std::string direction = first_.text_attribute("/" + metric + "_mean", "direction").value_or("");
    if (direction != "none") put_decision(metric, direction == "higher");
  }

  void put_decision(const std::string& metric, bool higher) {
    const auto stacked = [&](const char* suffix) { return stack("/decision/" + metric + suffix); };
    for (const char* suffix : {"_regret_mean", "_regret_mean_se", "_probability_best", "_probability_best_bounds"}) stacked(suffix);
    const std::size_t policies = first_.length("/policy");
    put_across(metric, {view_.length, policies, higher, stacked("_gap"), stacked("_gap_se"), stacked("_separation"),
                        stacked("_pair_difference"), stacked("_pair_difference_se")});
  }

  void put_across(const std::string& metric, const MetricViews& seen) {
    const AcrossViews across = across_views(seen, kTolerance);
    const StoredDataset about = first_.dataset("/" + metric + "_mean");
    const std::string meaning = about.long_name.substr(std::min(about.long_name.find(": "), about.long_name.size()));
    const Axis policy{"policy", seen.policies};
    const auto described = [&](const char* suffix, std::vector<Axis> axes, const char* what) -> Variable {
      return {metric + suffix, std::move(axes), "1", what + meaning};
    };
    const auto in_units = [&](const char* suffix, const char* what, const Doubles& values) {
      Variable variable = described(suffix, {policy}, what);
      variable.units = about.units;
      out_.put(variable, values);
    };
    const std::vector<std::string> names = first_.texts("/policy");
    std::vector<std::string> best;
    for (const int p : across.best) best.push_back(p < 0 ? "" : names[static_cast<std::size_t>(p)]);
    out_.put_texts(described("_best", {view_}, "policy with the best mean"), best);
    out_.put(described("_rank", {view_, policy}, "rank by the mean, 1 being the best"), across.rank);
    out_.put(described("_best_share", {policy}, "share of the world views in which the policy has the best mean"), across.best_share);
    Variable acceptable =
        described("_acceptable_share", {policy},
                  "share of the world views in which the policy misses the best mean by no more than the tolerance times the widest gap");
    acceptable.attributes = {{"tolerance", kTolerance}};
    out_.put(acceptable, across.acceptable_share);
    in_units("_gap_max", "regret across world views: the largest gap", across.gap_max);
    in_units("_gap_max_se", "standard error of the largest gap, in that world view", across.gap_max_se);
    in_units("_gap_mean", "regret across world views: the mean gap", across.gap_mean);
    in_units("_gap_mean_se", "upper bound of the standard error of the mean gap", across.gap_mean_se);
  }

  // A dataset of all views; returns its values.
  Doubles stack(const std::string& path) {
    const StoredDataset like = first_.dataset(path);
    Variable variable = variable_of(like);
    std::erase_if(variable.attributes, [](const Attribute& a) { return a.name == "ancillary_variables"; });
    std::vector<std::size_t> shape;
    for (const Axis& axis : like.axes) shape.push_back(axis.length);
    Doubles all;
    for (const NamedView& view : views_) {
      const Doubles values = view.result.numbers(path, shape);
      all.insert(all.end(), values.begin(), values.end());
    }
    variable.axes.insert(variable.axes.begin(), view_);
    if (first_.open(path).type() == Number::kInt64)
      out_.put(variable, std::vector<std::int64_t>(all.begin(), all.end()));
    else
      out_.put(variable, all);
    return all;
  }

  const std::vector<NamedView>& views_;
  const Hdf5Reader& first_;
  Recorder& out_;
  const Axis view_;
};

}  // namespace

void put_worldviews(const std::vector<NamedView>& views, Recorder& out) { Stack(views, out).put(); }

}  // namespace chokepoint
