// SPDX-License-Identifier: Apache-2.0
#include "web_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "json.h"
#include "page.h"
#include "report_parts.h"
#include "web_answer.h"
#include "web_pair.h"

namespace chokepoint {

namespace {

using page::escaped;

constexpr std::size_t kSampleBytes = 1'650'000;  // for one result; two, of which everything else is there twice, have a quarter each
constexpr std::size_t kMostChanges = 200;

// As people set it: no number is torn from its unit or its thousands, and minus and comparisons have their signs.
std::string typeset(std::string text) {
  const auto replace = [&](std::size_t at, std::size_t length, const char* with) { text.replace(at, length, with); };
  const auto digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool blank = at > 0 && text[at] == ' ' && digit(at - 1);
    if (blank && (text[at + 1] == '%' || (digit(at + 1) && digit(at + 2) && digit(at + 3)))) replace(at, 1, "\u00a0");
    if (text[at] == '-' && digit(at + 1) && (at == 0 || text[at - 1] == ' ' || text[at - 1] == '(')) replace(at, 1, "−");
    if (text.compare(at, 2, ">=") == 0) replace(at, 2, "≥");
    if (text.compare(at, 2, "<=") == 0) replace(at, 2, "≤");
    if (text.compare(at, 2, "==") == 0) replace(at, 2, "=");
  }
  return escaped(text);
}

std::string paragraph(const std::string& text, const char* kind = "") {
  return text.empty() ? "" : fmt::format("<p{}>{}</p>\n", *kind ? fmt::format(" class=\"{}\"", kind) : "", typeset(text));
}

std::string file_name(const WebResult& shown) { return std::filesystem::path(shown.path).filename().string(); }

// ---- the top

std::string header_html(const std::vector<WebResult>& results, const std::string& title) {
  std::string html = fmt::format(
      "<p class=\"kicker\">Chokepoint: what does a policy do to the distribution of outcomes?</p>\n<h1>{}</h1>\n", escaped(title));
  for (std::size_t i = 0; i < results.size(); ++i) {
    const StoredResult& r = results[i].result;
    const std::string letter = results.size() > 1 ? fmt::format("{}: {} ({}). ", "AB"[i], r.title, file_name(results[i])) : "";
    std::string description;
    for (const Setting& setting : settings_of(r.entry("configuration_resolved")))
      if (setting.key == "description") description = setting.text + " ";
    html += paragraph(fmt::format("{}{}{} histories of each of {} policies, to the {}.", letter, description,
                                  group_digits(r.entry("trajectories")), r.policies.size(), end_text(r.years.back())),
                      "standfirst");
    if (!r.entry("missing").empty())
      html += paragraph(fmt::format("{}Not all of the run is here: {}.", letter, r.entry("missing")), "warning");
  }
  return html;
}

// ---- the answer

// Means of the headline metrics, the best of each marked, and how often the thresholds are met.
std::string glance_table(const StoredResult& r, const std::vector<const StoredMetric*>& headline) {
  const bool thresholds = !r.thresholds.empty();
  std::string html = fmt::format(
      "<div class=\"scroll\" role=\"group\" aria-label=\"Means at a glance\" tabindex=\"0\"><table class=\"glance\"><caption><span>Means, "
      "{}; ± is one standard error. "
      "★ best of the column, ≈ not told apart from the best at 95 %.{}</span></caption>\n<thead><tr><th scope=\"col\">Policy</th>",
      escaped(end_text(r.years.back())),
      thresholds ? typeset(fmt::format(" All goals: {}.", fmt::join(r.thresholds.begin(), r.thresholds.end() - 1, ", "))) : "");
  for (const StoredMetric* m : headline)
    html += fmt::format("<th scope=\"col\" class=\"number\">{}<br><span class=\"quiet\">{}<br>{}</span></th>", escaped(readable(m->name)),
                        escaped(m->units == "1" ? "" : m->units), escaped(m->direction == "none" ? "" : m->direction + " is better"));
  html += thresholds ? "<th scope=\"col\" class=\"number\">All goals met<br><span class=\"quiet\">% of histories</span></th>" : "";
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t p = 0; p < r.policies.size(); ++p) {
    html += fmt::format("<tr><th scope=\"row\">{}{}</th>", escaped(r.policy_titles[p]),
                        static_cast<int>(p) == r.reference ? " <span class=\"quiet\">(reference)</span>" : "");
    for (const StoredMetric* m : headline) {
      const std::size_t at = (p + 1) * r.years.size() - 1;
      const NumberAndError text = number_text(m->mean[at], m->mean_se[at]);
      const bool decided = m->decision && m->decision->best >= 0, best = decided && m->decision->best == static_cast<int>(p);
      const bool alike = decided && !best && m->decision->separation[p] != static_cast<std::int64_t>(Separation::kSeparated);
      html += fmt::format("<td class=\"number{}\">{}{}{}</td>", best ? " best" : "",
                          best    ? "★ "
                          : alike ? "≈ "
                                  : "",
                          typeset(text.number), text.error.empty() ? "" : " <span class=\"quiet\">± " + text.error + "</span>");
    }
    if (thresholds) {
      const std::size_t at = (p + 1) * r.thresholds.size() - 1;
      const NumberAndError text =
          probability_text(r.satisficing.share[at], r.satisficing.share_bounds[2 * at], r.satisficing.share_bounds[2 * at + 1]);
      html += fmt::format("<td class=\"number\">{}{}</td>", escaped(text.number),
                          text.error.empty() ? "" : " <span class=\"quiet\">± " + text.error + "</span>");
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string answer_html(const std::vector<WebResult>& results, const std::vector<std::string>& wanted) {
  std::string html;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const StoredResult& r = results[i].result;
    const std::vector<const StoredMetric*> headline = chosen_metrics(r, wanted);
    const WebAnswer answer = answer_of(r, headline, results[i].details.event_titles);
    const std::string letter = results.size() > 1 ? fmt::format("{}: {}. ", "AB"[i], r.title) : "";
    html += fmt::format("<h2>{}</h2>\n", typeset(letter + answer.question));
    html += paragraph(answer.verdict, "verdict");
    html += "<ul class=\"findings\">\n";
    for (const Remark& remark : answer.remarks)
      html += fmt::format("<li><strong>{}.</strong> {}</li>\n", typeset(remark.subject), typeset(remark.text));
    html += "</ul>\n" + glance_table(r, headline);
    if (i + 1 < results.size()) continue;
    html += "<aside class=\"reading\" aria-label=\"How to read this page\"><h3>How to read this</h3>\n";
    for (const std::string& text : answer.reading) html += paragraph(text);
    html += "</aside>\n";
  }
  return html;
}

std::string pair_html(const std::vector<WebResult>& results, const Shared& shared) {
  if (results.size() < 2) return "";
  const StoredResult &a = results[0].result, &b = results[1].result;
  std::string html = "<section id=\"pair\">\n<h2>A and B compared</h2>\n" + paragraph(kinship(a, b));
  for (const std::string& text : shared.left_out) html += paragraph(text, "quiet");
  if (std::abs(a.years.back() - b.years.back()) > 1e-6)
    html += paragraph(fmt::format("A goes to the {}, B to the {}: their final outcomes are not subtracted.", end_text(a.years.back()),
                                  end_text(b.years.back())));
  html += "<div class=\"figures\" data-figure=\"comparison\"></div>\n";
  const std::vector<SettingChange> found =
      changes(settings_of(a.entry("configuration_resolved")), settings_of(b.entry("configuration_resolved")));
  if (found.empty()) return html + paragraph("Their configurations are the same.") + "</section>\n";
  html +=
      "<div class=\"scroll\" role=\"group\" aria-label=\"Differences of configuration\" tabindex=\"0\"><table><caption><span>What is set "
      "differently</span></caption>\n"
      "<thead><tr><th scope=\"col\">Setting</th><th scope=\"col\">A</th><th scope=\"col\">B</th></tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < std::min(found.size(), kMostChanges); ++i)
    html += fmt::format("<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td></tr>\n", escaped(found[i].key),
                        escaped(found[i].a), escaped(found[i].b));
  html += "</tbody></table></div>\n";
  if (found.size() > kMostChanges) html += paragraph(fmt::format("And {} more settings.", found.size() - kMostChanges));
  return html + "</section>\n";
}

// ---- the end

std::string heading_of(const std::vector<WebResult>& results, std::size_t i) {
  return results.size() > 1 ? fmt::format("<h3>{}: {}</h3>\n", "AB"[i], escaped(results[i].result.title)) : "";
}

std::string assumptions_html(const std::vector<WebResult>& results) {
  std::string html =
      "<section id=\"assumptions\">\n<h2>Assumptions</h2>\n<p>What is uncertain is drawn from these priors, the same for every policy. "
      "Each is a belief with a "
      "source, and none is a fact.</p>\n<p class=\"controls\"><label id=\"filter-label\" hidden>Filter <input id=\"filter\" "
      "type=\"search\" autocomplete=\"off\"> "
      "<span id=\"filter-count\" class=\"quiet\" role=\"status\"></span></label></p>\n";
  for (std::size_t i = 0; i < results.size(); ++i) {
    html += heading_of(results, i);
    html +=
        "<div class=\"scroll\" role=\"group\" aria-label=\"Assumptions\" tabindex=\"0\"><table class=\"cards\"><caption><span>Parameters "
        "and their priors</span></caption>\n<thead><tr>";
    for (const char* column : {"Parameter", "Prior", "Source and reason", "Would change if", "Set in"})
      html += fmt::format("<th scope=\"col\">{}</th>", column);
    html += "</tr></thead>\n<tbody>\n";
    for (const Assumption& a : results[i].details.assumptions)
      html += fmt::format(
          "<tr><th scope=\"row\"><code>{}</code><br><span class=\"quiet\">{}</span></th><td><code>{}</code><br><span "
          "class=\"quiet\">{}</span></td>"
          "<td>{}{}</td><td>{}</td><td class=\"quiet\">{}</td></tr>\n",
          escaped(a.parameter), escaped(a.meaning), escaped(a.prior), escaped(a.units == "1" ? "" : a.units), escaped(a.source),
          a.rationale.empty() ? "" : "<br><span class=\"quiet\">" + escaped(a.rationale) + "</span>", escaped(a.would_change_if),
          escaped(a.origin));
    html += "</tbody></table></div>\n";
  }
  return html + "</section>\n";
}

// The settings of a policy, from the resolved configuration: "chip_licence_share = 0".
std::string levers_of(const std::vector<Setting>& settings, const std::string& policy, const std::string& wanted) {
  const std::string prefix = "policies." + policy + ".";
  std::string html;
  for (const Setting& s : settings) {
    if (!s.key.starts_with(prefix)) continue;
    const std::string name = s.key.substr(prefix.size());
    if (name == "title" || (name == "description") != (wanted == "description")) continue;
    if (name == "description") return escaped(s.text);
    html += fmt::format("<code>{} = {}</code><br>", escaped(name), escaped(s.value));
  }
  return html.empty() && wanted == "levers" ? "<span class=\"quiet\">nothing</span>" : html;
}

std::string policies_html(const std::vector<WebResult>& results) {
  std::string html =
      "<section id=\"levers\">\n<h2>The policies</h2>\n<p>A policy sets the levers that it names; all others stay as they are without "
      "it.</p>\n";
  for (std::size_t i = 0; i < results.size(); ++i) {
    const StoredResult& r = results[i].result;
    const std::vector<Setting> settings = settings_of(r.entry("configuration_resolved"));
    html += heading_of(results, i) +
            "<div class=\"scroll\" role=\"group\" aria-label=\"Policies\" tabindex=\"0\"><table class=\"cards\"><caption><span>Policies "
            "and what they set</span></caption>\n<thead><tr>"
            "<th scope=\"col\">Policy</th><th scope=\"col\">What it is</th><th scope=\"col\">What it sets</th></tr></thead>\n<tbody>\n";
    for (std::size_t p = 0; p < r.policies.size(); ++p)
      html += fmt::format("<tr><th scope=\"row\">{}<br><code>{}</code></th><td>{}</td><td>{}</td></tr>\n", escaped(r.policy_titles[p]),
                          escaped(r.policies[p]), levers_of(settings, r.policies[p], "description"),
                          levers_of(settings, r.policies[p], "levers"));
    html += "</tbody></table></div>\n";
  }
  return html + "</section>\n";
}

std::string provenance_html(const std::vector<WebResult>& results) {
  std::string html = "<section id=\"provenance\">\n<h2>How to repeat it</h2>\n";
  for (std::size_t i = 0; i < results.size(); ++i) {
    const StoredResult& r = results[i].result;
    const std::string name = file_name(results[i]), stem = std::filesystem::path(name).stem().string();
    html += heading_of(results, i);
    html += fmt::format(
        "<p>Save the configuration below as <code>{0}.toml</code>. The first command makes the result again; on any machine, with the same "
        "version, its "
        "<code>result_hash</code> is the same.</p>\n<pre>chokepoint run {0}.toml -o {0}.h5\nchokepoint summary {0}.h5\nchokepoint report "
        "{0}.h5</pre>\n",
        escaped(stem));
    html += "<dl class=\"facts\">\n";
    const auto add = [&](const char* label, const std::string& value) {
      if (!value.empty()) html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", label, escaped(value));
    };
    add("Result", name);
    add("result_hash", r.result_hash);
    add("Model", r.model);
    add("Version", r.entry("version") + (r.entry("commit").empty() ? "" : ", commit " + r.entry("commit")));
    add("Histories", group_digits(r.entry("trajectories")) + " of each policy" +
                         (r.entry("replicates") == "1" ? "" : ", " + r.entry("replicates") + " for each world"));
    add("Seeds", fmt::format("{} for worlds, {} for chance", r.entry("seed_worlds"), r.entry("seed_chance")));
    add("Started", r.entry("started"));
    add("Device", r.entry("device"));
    add("Run time", r.entry("seconds").empty() ? "" : r.entry("seconds") + " s");
    add("Ended early", r.entry("ended_early"));
    add("Overrides", r.entry("overrides"));
    html += fmt::format(
        "</dl>\n<details><summary>Complete configuration, with the origin of every value</summary>\n<p><button type=\"button\" hidden "
        "data-download=\"configuration-{0}\" "
        "data-name=\"{1}.toml\">Save as {1}.toml</button></p>\n<pre id=\"configuration-{0}\" tabindex=\"0\">{2}</pre></details>\n",
        i, escaped(stem), escaped(r.entry("configuration_resolved")));
  }
  return html + "</section>\n";
}

// ---- the whole

std::string shared_items(const std::vector<SharedItem>& items, const std::vector<std::string>& titles, const char* title,
                         const std::vector<std::string>& meanings) {
  return json::array(items, [&](const SharedItem& item) {
    json::Members members = {{"name", json::quoted(item.name)},
                             {title, json::quoted(titles[item.at.front()])},
                             {"at", json::array(
                                        item.at, [](std::size_t n) { return std::to_string(n); }, ",")}};
    if (!meanings.empty()) members.emplace_back("meaning", json::quoted(meanings[item.at.front()]));
    return json::object(members);
  });
}

std::string data_of(const std::vector<WebResult>& results, const Shared& shared) {
  const StoredResult& first = results.front().result;
  std::vector<std::string> event_names;
  for (const std::string& event : first.events) event_names.push_back(readable(event));
  return json::object({{"policies", shared_items(shared.policies, first.policy_titles, "title", {})},
                       {"events", shared_items(shared.events, event_names, "title", results.front().details.event_titles)},
                       {"comparison", comparison_data(results, shared)},
                       {"results", json::array(results, [](const WebResult& shown) { return web_data(shown); })}},
                      ",\n");
}

std::vector<WebResult> read_all(const std::vector<std::string>& paths, const std::vector<std::string>& wanted, Shared& shared) {
  std::vector<StoredResult> stored;
  for (const std::string& path : paths) stored.push_back(read_result(path));
  shared = shared_by(stored, wanted);
  std::vector<WebResult> results(paths.size());
  for (std::size_t i = 0; i < paths.size(); ++i) {
    results[i].path = paths[i];
    results[i].result = std::move(stored[i]);
    results[i].metrics = chosen_metrics(results[i].result, shared.metrics);
    results[i].details = read_details(paths[i], results[i].result, results[i].metrics, kSampleBytes / (paths.size() * paths.size()));
  }
  return results;
}

}  // namespace

std::string web_report(const std::vector<std::string>& paths, const WebReportOptions& options) {
  Shared shared;
  const std::vector<WebResult> results = read_all(paths, options.metrics, shared);
  std::string title = options.title;
  for (const WebResult& shown : results)
    if (options.title.empty()) title += (title.empty() ? "" : " and ") + shown.result.title;
  const StoredResult& last = results.back().result;
  const std::string data = page::script_data(data_of(results, shared));
  return page::fill(
      page::kReport,
      {{"policy", page::content_policy({page::kChartsScript, page::kFiguresScript, page::kPlotsScript, page::kCompareScript,
                                        page::kDriversScript, page::kExploreScript, page::kStartScript})},
       {"title", escaped(title)},
       {"style", page::kStyle},
       {"header", header_html(results, title)},
       {"answer", answer_html(results, options.metrics)},
       {"pair", pair_html(results, shared)},
       {"closing", assumptions_html(results) + policies_html(results) + provenance_html(results)},
       {"footer", paragraph(fmt::format(
                      "Made by Chokepoint {} from {}, result_hash {}. Charts: Apache ECharts (Apache-2.0). This page holds everything it "
                      "shows and loads nothing.",
                      last.entry("version"), file_name(results.back()), last.result_hash))},
       {"data", data},
       {"charts", page::kChartsScript.text},
       {"figures", page::kFiguresScript.text},
       {"plots", page::kPlotsScript.text},
       {"compare", page::kCompareScript.text},
       {"drivers", page::kDriversScript.text},
       {"explore", page::kExploreScript.text},
       {"start", page::kStartScript.text}});
}

}  // namespace chokepoint
