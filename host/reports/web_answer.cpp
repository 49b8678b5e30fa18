// SPDX-License-Identifier: Apache-2.0
#include "web_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "report_parts.h"

namespace chokepoint {

namespace {

constexpr std::size_t kMostNamed = 4;  // policies that one sentence lists

std::string unit_of(const StoredMetric& m) { return m.units == "1" ? "" : " " + m.units; }

// As within a sentence.
std::string lower_case(std::string text) {
  if (!text.empty() && !text.starts_with("US")) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

std::string percent(double share, double low, double high) { return probability_text(share, low, high).number + " %"; }

// Of a single result, with the numbers that sentences ask for.
struct Teller {
  const StoredResult& result;

  std::string title(std::size_t policy) const { return "“" + result.policy_titles[policy] + "”"; }
  std::string reference() const { return title(result.reference); }
  std::size_t last(std::size_t policy) const { return (policy + 1) * result.years.size() - 1; }  // of (policy, time)
  std::string end() const { return end_text(result.years.back()); }

  std::string mean(const StoredMetric& m, std::size_t policy) const {
    const double value = m.mean[last(policy)], half = kHalfWidth * m.mean_se[last(policy)];
    return interval_text(value, value - half, value + half, unit_of(m));
  }

  // Those that the best one cannot be told from.
  std::vector<std::string> alike(const DecisionStatistics& d) const {
    std::vector<std::string> names;
    for (std::size_t p = 0; p < result.policies.size(); ++p)
      if (static_cast<int>(p) != d.best && d.separation[p] != static_cast<std::int64_t>(Separation::kSeparated)) names.push_back(title(p));
    if (names.size() > kMostNamed) names = {fmt::format("{} other policies", names.size())};
    return names;
  }
};

std::string against_reference(const Teller& t, const StoredMetric& m, std::size_t best) {
  const double difference = m.paired.mean_difference[t.last(best)], half = kHalfWidth * m.paired.mean_difference_se[t.last(best)];
  if (!(std::abs(difference) > half)) return fmt::format(" It cannot be told apart from {} at 95 %.", t.reference());
  const double sign = difference < 0 ? -1 : 1, size = sign * difference;
  std::string text = fmt::format(" That is {} {} than under {}", interval_text(size, size - half, size + half, unit_of(m)),
                                 difference < 0 ? "less" : "more", t.reference());
  const std::size_t at = t.last(best);
  const double better = m.paired.probability_better[at], equal = m.paired.probability_equal[at];
  if (!std::isfinite(better)) return text + ".";
  text += fmt::format("; history by history it is better in {}",
                      percent(better, m.paired.probability_better_bounds[2 * at], m.paired.probability_better_bounds[2 * at + 1]));
  return text + (equal > 0.005 ? fmt::format(" and no different in {:.0f} %.", 100 * equal) : ".");
}

std::string decided(const Teller& t, const StoredMetric& m) {
  const DecisionStatistics& d = *m.decision;
  if (d.best < 0) return "Some outcomes are not finite, so that policies cannot be ranked by their means.";
  const auto best = static_cast<std::size_t>(d.best);
  std::string text = fmt::format("Best by the mean ({} is better): {}, {}.", m.direction, t.title(best), t.mean(m, best));
  if (t.result.policies.size() == 1) return text;
  text += d.best == t.result.reference ? " It is the reference that the others are compared with." : against_reference(t, m, best);
  const std::vector<std::string> alike = t.alike(d);
  return text + (alike.empty() ? " All other policies are worse, and told apart from it at 95 %."
                               : fmt::format(" Not told apart from it at 95 %: {}.", listed(alike)));
}

std::string undecided(const Teller& t, const StoredMetric& m) {
  const auto mean = [&](std::size_t p) { return m.mean[t.last(p)]; };
  std::size_t low = 0, high = 0;
  for (std::size_t p = 1; p < t.result.policies.size(); ++p) {
    if (mean(p) < mean(low)) low = p;
    if (mean(p) > mean(high)) high = p;
  }
  if (low == high) return fmt::format("The mean is {} under {}.", t.mean(m, low), t.title(low));
  return fmt::format("Means go from {} under {} to {} under {}. Neither more nor less is better in itself.", t.mean(m, low), t.title(low),
                     t.mean(m, high), t.title(high));
}

// "A is best on x and y, B on z."
std::string verdict_of(const Teller& t, const std::vector<const StoredMetric*>& headline) {
  std::vector<std::size_t> order;
  std::map<std::size_t, std::vector<std::string>> best_on;
  bool close = false;
  for (const StoredMetric* m : headline) {
    if (!m->decision || m->decision->best < 0) continue;
    const auto best = static_cast<std::size_t>(m->decision->best);
    if (!best_on.contains(best)) order.push_back(best);
    close = close || !t.alike(*m->decision).empty();
    best_on[best].push_back(lower_case(readable(m->name)) + (t.alike(*m->decision).empty() ? "" : "*"));
  }
  if (order.empty() || t.result.policies.size() < 2) return "";
  std::string text;
  for (const std::size_t p : order)
    text += text.empty() ? fmt::format("{} is best on {}", t.title(p), listed(best_on[p]))
                         : fmt::format("; {} on {}", t.title(p), listed(best_on[p]));
  return text + (close ? ". (* not told apart from every other policy)" : ".");
}

// The event whose probability policies change most, if they change any.
void add_event(const Teller& t, const std::vector<std::string>& titles, std::vector<Remark>& remarks) {
  const std::size_t policies = t.result.policies.size(), events = t.result.events.size();
  const auto& share = t.result.event_probability;
  const auto& bounds = t.result.event_probability_bounds;
  double widest = 0;
  std::size_t least = 0, most = 0;
  for (std::size_t e = 0; e < events; ++e) {
    std::size_t low = e, high = e;
    for (std::size_t at = e; at < policies * events; at += events) {
      if (share[at] < share[low]) low = at;
      if (share[at] > share[high]) high = at;
    }
    if (share[high] - share[low] > widest && bounds[2 * low + 1] < bounds[2 * high]) {
      widest = share[high] - share[low];
      least = low;
      most = high;
    }
  }
  if (widest == 0) return;
  const auto in = [&](std::size_t at) {
    return fmt::format("{} of histories under {}", percent(share[at], bounds[2 * at], bounds[2 * at + 1]), t.title(at / events));
  };
  remarks.push_back(
      {readable(t.result.events[least % events]),
       fmt::format("Of all events, policies change this one most: {} in {} and {}.", titles[least % events], in(least), in(most))});
}

}  // namespace

std::string readable(const std::string& name) {
  std::string text = name;
  std::ranges::replace(text, '_', ' ');
  if (text == "us" || text.starts_with("us ")) text.replace(0, 2, "US");
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string interval_text(double value, double low, double high, const std::string& unit) {
  const double place = (high - low) / 2 / kHalfWidth;
  if (!(place > 0)) return round_to_error(value, 0) + unit;
  return fmt::format("{}{} (95 %: {} to {})", round_to_error(value, place), unit, round_to_error(low, place), round_to_error(high, place));
}

std::string listed(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) text += (i == 0 ? "" : i + 1 == items.size() ? " and " : ", ") + items[i];
  return text;
}

WebAnswer answer_of(const StoredResult& result, const std::vector<const StoredMetric*>& headline,
                    const std::vector<std::string>& event_titles) {
  const Teller t{result};
  const std::size_t policies = result.policies.size();
  WebAnswer answer;
  std::vector<std::string> names;
  for (const StoredMetric* m : headline) names.push_back(lower_case(readable(m->name)));
  answer.question = policies == 1 ? fmt::format("What becomes of {} by the {} under {}?", listed(names), t.end(), t.reference())
                                  : fmt::format("Which of {} policies is best for {} by the {}, and by how much against {}?", policies,
                                                listed(names), t.end(), t.reference());
  answer.verdict = verdict_of(t, headline);
  for (const StoredMetric* m : headline)
    answer.remarks.push_back({fmt::format("{} ({})", readable(m->name), m->long_name), m->decision ? decided(t, *m) : undecided(t, *m)});
  add_event(t, event_titles, answer.remarks);
  const std::string count = group_digits(result.entry("trajectories"));
  answer.reading = {
      fmt::format(
          "A history is one simulated course of the model “{}”. Every policy was run in the same {} histories, with the same "
          "assumptions drawn from their priors and the same luck, so that differences between policies are known far better than levels.",
          result.model, count),
      "Bands of fan charts are the spread of histories: half of them lie in the inner band, nine in ten in the outer one. Error bars and "
      "“95 %” are about something else: how well this many histories tell the model's own mean, share or quantile.",
      "No error bar says whether the model is right. Priors are judgements; change one, run again, and see whether the answer stays."};
  if (policies == 1)
    answer.reading.front() = fmt::format("A history is one simulated course of the model “{}”; there are {} of them.", result.model, count);
  return answer;
}

}  // namespace chokepoint
