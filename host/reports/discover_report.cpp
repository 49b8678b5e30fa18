// SPDX-License-Identifier: Apache-2.0
#include "discover_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "../config/distribution_config.h"
#include "../discover/when.h"
#include "csv.h"
#include "json.h"
#include "report.h"
#include "terminal.h"

namespace chokepoint {

namespace {

constexpr std::size_t kCurveRows = 10;

// One restricted parameter of a box.
struct Restriction {
  const FoundBox& box;
  std::size_t place;  // among the restricted dimensions
  int dimension;
  const ParameterRow& row;
  const Prior& prior;

  const Edge* edge(bool upper) const { return box.learnt.box.find(dimension, upper); }
  const EdgeBounds& bounds(bool upper) const { return box.bounds[static_cast<std::size_t>(edge(upper) - box.learnt.box.edges.data())]; }
  double level(bool upper) const {  // of the prior
    const Edge* at = edge(upper);
    return at ? probability_level(prior, at->at) : upper ? 1 : 0;
  }
  double p(std::uint64_t replicates) const { return removal_p(box.inside, box.without[place], replicates); }
  double cautious_p(std::uint64_t replicates) const { return quasi_p(box.inside, box.without[place], replicates); }
  double selected() const { return box.learnt.selected[static_cast<std::size_t>(dimension)]; }
};

std::vector<Restriction> restrictions(const Discovery& found, const Scenario& s, const FoundBox& box) {
  std::vector<Restriction> all;
  for (const int d : box.learnt.box.dimensions()) {
    const int number = found.parameters[static_cast<std::size_t>(d)];
    all.push_back(
        {box, all.size(), d, s.model->parameters[static_cast<std::size_t>(number)], s.parameters[static_cast<std::size_t>(number)].prior});
  }
  return all;
}

bool is_found(const FoundBox& box) { return !box.learnt.box.edges.empty(); }

// ---- terminal

struct View {
  const Discovery& found;
  const StoredRun& stored;
  int width;
  bool unicode;

  const char* plus_minus() const { return unicode ? "±" : "+/-"; }
  const char* dash() const { return unicode ? "—" : "-"; }
  const char* to() const { return unicode ? "–" : "-"; }
  const Scenario& scenario() const { return stored.scenario(); }
  Share share(const Counts& part) const { return share_of(part.interesting, part.trajectories, found.replicates); }
};

// "12.3 ± 0.4 %": half the width of the interval.
std::string percent(const View& v, const Share& s) {
  const double half = 50 * (s.high - s.low);
  return fmt::format("{} {} {} %", round_to_error(100 * s.value, half), v.plus_minus(), round_to_error(half, half));
}

std::string p_text(double p) { return p < 1e-99 ? "<1e-99" : p < 0.001 ? fmt::format("{:.0e}", p) : fmt::format("{:.3f}", p); }

// An edge with as many digits as its bounds leave.
std::string edge_text(const View& v, const Restriction& r, bool upper) {
  const Edge* edge = r.edge(upper);
  if (!edge) return v.dash();
  const auto [low, high] = r.bounds(upper);
  const double half = std::isfinite(high - low) ? std::max((high - low) / 2, 1e-6 * std::abs(edge->at)) : std::abs(edge->at) / 10;
  const auto bound = [&](double x) { return std::isfinite(x) ? round_to_error(x, half / 10) : std::string("none"); };
  return fmt::format("{} [{}, {}]", round_to_error(edge->at, half / 10), bound(low), bound(high));
}

TableColumn column(const std::vector<Restriction>& rows, const std::string& header, bool left,
                   const std::function<std::string(const Restriction&)>& cell) {
  TableColumn result{{header}, {}, left};
  for (const Restriction& row : rows) result.cells.push_back(cell(row));
  return result;
}

std::string edges_table(const View& v, const FoundBox& box) {
  const auto rows = restrictions(v.found, v.scenario(), box);
  const auto parameter = [](const Restriction& r) {
    const std::string unit = r.row.unit;
    return fmt::format("  {}{}", r.row.key, unit == "1" ? "" : " (" + unit + ")");
  };
  const auto level = [&](const Restriction& r) { return fmt::format("{:.2f}{}{:.2f}", r.level(false), v.to(), r.level(true)); };
  return format_tables(
      column(rows, "  parameter", true, parameter),
      {column(rows, "from (95 %)", true, [&](const auto& r) { return edge_text(v, r, false); }),
       column(rows, "to (95 %)", true, [&](const auto& r) { return edge_text(v, r, true); }), column(rows, "of its prior", true, level),
       column(rows, "p", false, [&](const auto& r) { return p_text(r.p(v.found.replicates)); }),
       column(rows, "quasi-p", false, [&](const auto& r) { return p_text(r.cautious_p(v.found.replicates)); }),
       column(rows, "selected", false, [](const auto& r) { return fmt::format("{:.0f} %", 100 * r.selected()); })},
      v.width);
}

// Steps of the curve about equally spaced in coverage, the first, the chosen and the last among them.
std::vector<std::size_t> shown_steps(const PrimBox& box) {
  std::vector<std::size_t> shown;
  double next = 1;
  for (std::size_t k = 0; k < box.curve.size(); ++k) {
    const bool must = k == box.chosen || k + 1 == box.curve.size();
    if (!must && box.curve[k].coverage > next) continue;
    shown.push_back(k);
    if (box.curve[k].coverage <= next) next = box.curve[k].coverage - 1.0 / kCurveRows;
  }
  return shown;
}

std::string curve_table(const View& v, const PrimBox& box) {
  TableColumn mark{{"  peels"}, {}}, coverage{{"coverage"}, {}}, density{{"density"}, {}}, mass{{"mass"}, {}},
      restricted{{"parameters"}, {}};
  for (const std::size_t k : shown_steps(box)) {
    const PeelStep& step = box.curve[k];
    mark.cells.push_back(fmt::format("{} {}", k == box.chosen ? "*" : " ", k));
    coverage.cells.push_back(fmt::format("{:.1f} %", 100 * step.coverage));
    density.cells.push_back(fmt::format("{:.3g} %", 100 * step.region.density()));
    mass.cells.push_back(fmt::format("{:.3g} %", 100 * step.region.weight / box.all.weight));
    restricted.cells.push_back(fmt::format("{}", step.restricted));
  }
  return format_tables(mark, {coverage, density, mass, restricted}, v.width);
}

std::string box_text(const View& v, std::size_t number) {
  const FoundBox& box = v.found.boxes[number];
  const std::uint64_t worlds = v.found.replicates;
  const Region& everything = v.found.boxes[0].learnt.all;
  const Share density = v.share(box.inside), coverage = share_of(box.inside.interesting, v.found.counting.interesting, worlds),
              mass = share_of(box.inside.trajectories, v.found.counting.trajectories, worlds);
  std::string text = fmt::format("\nBox {}{}\n", number + 1, number > 0 ? ", of what earlier boxes left" : "");
  text += wrap_text(fmt::format("counted: density {}, coverage {}, mass {}, lift {:.3g}", percent(v, density), percent(v, coverage),
                                percent(v, mass), density.value / v.found.counting.density()),
                    v.width, "  ", "  ");
  text += wrap_text(
      fmt::format("learnt:  density {:.3g} %, coverage {:.3g} %, mass {:.3g} %", 100 * box.learnt.region.density(),
                  100 * box.learnt.region.interesting / everything.interesting, 100 * box.learnt.region.weight / everything.weight),
      v.width, "  ", "  ");
  if (!is_told_apart(box, worlds)) text += "  NOT TOLD APART from chance on the trajectories that were counted.\n";
  text += "\n" + edges_table(v, box) + "\n";
  return text + "  Trade-off while peeling, as learnt; * is where the box was taken from\n" + curve_table(v, box.learnt);
}

// "x < 3", "x in {0, 1}" would need the values: splits lie between values that occur.
void put_node(const View& v, int number, const std::string& indent, const std::string& condition, std::string& text) {
  const TreeNode& node = v.found.tree.nodes[static_cast<std::size_t>(number)];
  text += indent + condition;
  if (node.is_leaf()) {
    const Counts& counts = v.found.leaves[static_cast<std::size_t>(number)];
    const Share mass = share_of(counts.trajectories, v.found.counting.trajectories, v.found.replicates),
                coverage = share_of(counts.interesting, v.found.counting.interesting, v.found.replicates);
    text += fmt::format(": density {}, mass {:.3g} %, coverage {:.3g} %\n", percent(v, v.share(counts)), 100 * mass.value,
                        100 * coverage.value);
    return;
  }
  const ParameterRow& row =
      v.scenario().model->parameters[static_cast<std::size_t>(v.found.parameters[static_cast<std::size_t>(node.dimension)])];
  const std::string unit = std::string(row.unit) == "1" ? "" : std::string(" ") + row.unit;
  text += "\n";
  put_node(v, node.left, indent + "  ", fmt::format("{} < {:.4g}{}", row.key, node.at, unit), text);
  put_node(v, node.right, indent + "  ", fmt::format("{} > {:.4g}{}", row.key, node.at, unit), text);
}

std::string question_text(const Discovery& found, const Scenario& s) {
  const Question& q = found.question;
  const std::string what = when_text(q.when, q.against >= 0), policy = s.policies[static_cast<std::size_t>(q.policy)].name;
  if (q.against < 0) return fmt::format("{} under {}", what, policy);
  return fmt::format("{}, {} against {} in the same trajectory", what, policy, s.policies[static_cast<std::size_t>(q.against)].name);
}

std::string heading(const View& v, const DiscoverOptions& options) {
  const Discovery& f = v.found;
  const Counts both{f.learning.trajectories + f.counting.trajectories, f.learning.interesting + f.counting.interesting};
  const auto grouped = [](std::uint64_t n) { return group_digits(fmt::format("{}", n)); };
  const std::string where = options.trajectories > 0
                                ? fmt::format("{} stored, the others run again on {}", grouped(v.stored.kept()), f.device)
                                : "the stored sample";
  std::string text = wrap_text(fmt::format("Interesting: {}", question_text(f, v.scenario())), v.width, "  ");
  text += wrap_text(fmt::format("{} of {} trajectories ({}): {}", grouped(both.interesting), grouped(both.trajectories), where,
                                both.interesting == 0 ? "none" : percent(v, v.share(both))),
                    v.width, "  ");
  text += wrap_text(fmt::format("Learnt from {} of them ({} kept, {} parameters vary), counted on {} others.",
                                grouped(f.learning.trajectories), grouped(f.points), f.parameters.size(), grouped(f.counting.trajectories)),
                    v.width, "  ");
  return text;
}

// Why there is nothing to show, or nothing.
std::string refusal(const View& v, const DiscoverOptions& options) {
  const Counts& seen = v.found.learning;
  const char* const more = "--trajectories N learns from more.";
  if (seen.interesting == 0) return fmt::format("No trajectory to learn from is interesting: loosen --when, or give more: {}", more);
  if (seen.interesting == seen.trajectories)
    return "Every trajectory to learn from is interesting: no parameter can matter. Tighten --when.";
  const std::uint64_t rarer = std::min(seen.interesting, seen.trajectories - seen.interesting);
  if (rarer < options.prim.cases)
    return fmt::format("Only {} trajectories to learn from are {}interesting; {} are needed. {}", rarer,
                       rarer == seen.interesting ? "" : "not ", options.prim.cases, more);
  return "";
}

std::string reading(const View& v) {
  return wrap_text(
      fmt::format(
          "Counted figures come from trajectories that nothing was learnt from; {} is half a 95 % interval. Density: share of the box "
          "that is interesting. Coverage: share of what is interesting that lies in the box. Edges have 95 % bounds from half-samples. "
          "p: chance of so great a difference of density to what the restriction removes, if it made none; quasi-p: of so dense a "
          "box, if it were drawn from the box without the restriction, which is cautious where that removes little. Selected: how "
          "often the parameter was worth restricting when one half of the data was searched and the other judged.",
          v.plus_minus()),
      v.width, "");
}

}  // namespace

std::string discovery_tables(const Discovery& found, const StoredRun& stored, const DiscoverOptions& options, int width, bool unicode) {
  const View v{found, stored, width, unicode};
  std::string text = heading(v, options);
  if (const std::string why = refusal(v, options); !why.empty()) return text + "\n" + wrap_text(why, width, "");
  if (!is_found(found.boxes[0]))
    text +=
        "\n" + wrap_text("No box: no restriction of a parameter gains more than a search among so many could find by chance.", width, "");
  for (std::size_t k = 0; k < found.boxes.size() && is_found(found.boxes[k]); ++k) text += box_text(v, k);
  if (found.boxes.size() > 1)
    text += fmt::format("\nAll boxes together: density {}, coverage {}\n", percent(v, v.share(found.together)),
                        percent(v, share_of(found.together.interesting, found.counting.interesting, found.replicates)));
  text += "\nTree\n";
  put_node(v, 0, "  ", "all", text);
  return text + "\n" + reading(v);
}

// ---- JSON and CSV

namespace {

using json::number, json::quoted, json::object, json::Members;

std::string share_json(const Share& s) { return "[" + number(s.value) + ", " + number(s.low) + ", " + number(s.high) + "]"; }

std::string counts_json(const Counts& counts, std::uint64_t replicates) {
  return object({{"trajectories", fmt::format("{}", counts.trajectories)},
                 {"interesting", fmt::format("{}", counts.interesting)},
                 {"density", share_json(share_of(counts.interesting, counts.trajectories, replicates))}});
}

std::string restriction_json(const Restriction& r, std::uint64_t replicates) {
  Members members = {{"parameter", quoted(r.row.key)}, {"unit", quoted(r.row.unit)}};
  for (const bool upper : {false, true}) {
    if (!r.edge(upper)) continue;
    const auto [low, high] = r.bounds(upper);
    members.emplace_back(upper ? "to" : "from", "[" + number(r.edge(upper)->at) + ", " + number(low) + ", " + number(high) + "]");
  }
  members.emplace_back("prior_levels", "[" + number(r.level(false)) + ", " + number(r.level(true)) + "]");
  members.emplace_back("p", number(r.p(replicates)));
  members.emplace_back("quasi_p", number(r.cautious_p(replicates)));
  members.emplace_back("selected", number(r.selected()));
  return object(members);
}

std::string box_json(const Discovery& found, const Scenario& s, const FoundBox& box) {
  const Region& everything = found.boxes[0].learnt.all;
  const auto step = [&](const PeelStep& one) {
    return object({{"coverage", number(one.coverage)},
                   {"density", number(one.region.density())},
                   {"mass", number(one.region.weight / box.learnt.all.weight)},
                   {"parameters", number(one.restricted)}});
  };
  return object({{"counted", counts_json(box.inside, found.replicates)},
                 {"left_by_earlier_boxes", counts_json(box.left, found.replicates)},
                 {"coverage", share_json(share_of(box.inside.interesting, found.counting.interesting, found.replicates))},
                 {"mass", share_json(share_of(box.inside.trajectories, found.counting.trajectories, found.replicates))},
                 {"told_apart", is_told_apart(box, found.replicates) ? "true" : "false"},
                 {"learnt_density", number(box.learnt.region.density())},
                 {"learnt_coverage", number(box.learnt.region.interesting / everything.interesting)},
                 {"restrictions",
                  json::array(restrictions(found, s, box), [&](const Restriction& r) { return restriction_json(r, found.replicates); })},
                 {"chosen", number(static_cast<double>(box.learnt.chosen))},
                 {"curve", json::array(box.learnt.curve, step)}},
                ",\n   ");
}

std::string node_json(const Discovery& found, const Scenario& s, int number_of_node) {
  const TreeNode& node = found.tree.nodes[static_cast<std::size_t>(number_of_node)];
  if (node.is_leaf()) return counts_json(found.leaves[static_cast<std::size_t>(number_of_node)], found.replicates);
  const int parameter = found.parameters[static_cast<std::size_t>(node.dimension)];
  return object({{"parameter", quoted(s.model->parameters[static_cast<std::size_t>(parameter)].key)},
                 {"at", number(node.at)},
                 {"below", node_json(found, s, node.left)},
                 {"above", node_json(found, s, node.right)}});
}

std::vector<FoundBox> real_boxes(const Discovery& found) {
  std::vector<FoundBox> boxes;
  std::ranges::copy_if(found.boxes, std::back_inserter(boxes), is_found);
  return boxes;
}

}  // namespace

std::string discovery_json(const Discovery& found, const StoredRun& stored, const DiscoverOptions& options) {
  const Scenario& s = stored.scenario();
  const auto policy = [&](int p) { return p < 0 ? std::string("null") : quoted(s.policies[static_cast<std::size_t>(p)].name); };
  return object({{"chokepoint_discover", "1"},
                 {"file", quoted(stored.path())},
                 {"when", quoted(options.when)},
                 {"policy", policy(found.question.policy)},
                 {"against", policy(found.question.against)},
                 {"learnt_from", counts_json(found.learning, found.replicates)},
                 {"counted_on", counts_json(found.counting, found.replicates)},
                 {"boxes", json::array(real_boxes(found), [&](const FoundBox& box) { return box_json(found, s, box); })},
                 {"all_boxes", counts_json(found.together, found.replicates)},
                 {"tree", node_json(found, s, 0)}},
                ",\n ") +
         "\n";
}

std::string discovery_csv(const Discovery& found, const StoredRun& stored) {
  std::string text =
      "box,parameter,unit,from,from_low,from_high,to,to_low,to_high,prior_from,prior_to,p,quasi_p,selected,density,density_low,density_"
      "high,"
      "coverage,coverage_low,coverage_high,mass\n";
  int number_of_box = 0;
  for (const FoundBox& box : real_boxes(found)) {
    ++number_of_box;
    const Share density = share_of(box.inside.interesting, box.inside.trajectories, found.replicates),
                coverage = share_of(box.inside.interesting, found.counting.interesting, found.replicates);
    for (const Restriction& r : restrictions(found, stored.scenario(), box)) {
      std::vector<std::string> fields = {fmt::format("{}", number_of_box), r.row.key, csv::field(r.row.unit)};
      for (const bool upper : {false, true}) {
        const bool bounded = r.edge(upper);
        for (const double x :
             {bounded ? r.edge(upper)->at : kNaN, bounded ? r.bounds(upper).low : kNaN, bounded ? r.bounds(upper).high : kNaN})
          fields.push_back(csv::field(x));
      }
      for (const double x : {r.level(false), r.level(true), r.p(found.replicates), r.cautious_p(found.replicates), r.selected(),
                             density.value, density.low, density.high, coverage.value, coverage.low, coverage.high,
                             static_cast<double>(box.inside.trajectories) / static_cast<double>(found.counting.trajectories)})
        fields.push_back(csv::field(x));
      text += csv::row(fields);
    }
  }
  return text;
}

}  // namespace chokepoint
