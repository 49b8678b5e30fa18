// SPDX-License-Identifier: Apache-2.0
#include "page.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

// assets.S
extern "C" {
extern const char chokepoint_page_css[], chokepoint_page_css_end[];
extern const char chokepoint_echarts[], chokepoint_echarts_end[];
extern const char chokepoint_report_html[], chokepoint_report_html_end[];
extern const char chokepoint_figures[], chokepoint_figures_end[];
extern const char chokepoint_plots[], chokepoint_plots_end[];
extern const char chokepoint_compare[], chokepoint_compare_end[];
extern const char chokepoint_drivers[], chokepoint_drivers_end[];
extern const char chokepoint_explore[], chokepoint_explore_end[];
extern const char chokepoint_start[], chokepoint_start_end[];
extern const char chokepoint_replay_html[], chokepoint_replay_html_end[];
extern const char chokepoint_replay_js[], chokepoint_replay_js_end[];
extern const char chokepoint_score_html[], chokepoint_score_html_end[];
extern const char chokepoint_score_js[], chokepoint_score_js_end[];
}

namespace chokepoint::page {

const std::string_view kStyle(chokepoint_page_css, chokepoint_page_css_end);
const std::string_view kCharts(chokepoint_echarts, chokepoint_echarts_end);
const std::string_view kReport(chokepoint_report_html, chokepoint_report_html_end);
const std::string_view kReplay(chokepoint_replay_html, chokepoint_replay_html_end);
const Script kReplayScript = {{chokepoint_replay_js, chokepoint_replay_js_end}, CHOKEPOINT_SHA256_REPLAY};
const std::string_view kScore(chokepoint_score_html, chokepoint_score_html_end);
const Script kScoreScript = {{chokepoint_score_js, chokepoint_score_js_end}, CHOKEPOINT_SHA256_SCORE};
const Script kChartsScript = {kCharts, CHOKEPOINT_SHA256_ECHARTS};
const Script kFiguresScript = {{chokepoint_figures, chokepoint_figures_end}, CHOKEPOINT_SHA256_FIGURES};
const Script kPlotsScript = {{chokepoint_plots, chokepoint_plots_end}, CHOKEPOINT_SHA256_PLOTS};
const Script kCompareScript = {{chokepoint_compare, chokepoint_compare_end}, CHOKEPOINT_SHA256_COMPARE};
const Script kDriversScript = {{chokepoint_drivers, chokepoint_drivers_end}, CHOKEPOINT_SHA256_DRIVERS};
const Script kExploreScript = {{chokepoint_explore, chokepoint_explore_end}, CHOKEPOINT_SHA256_EXPLORE};
const Script kStartScript = {{chokepoint_start, chokepoint_start_end}, CHOKEPOINT_SHA256_START};

std::string content_policy(const std::vector<Script>& scripts) {
  std::string allowed;
  for (const Script& script : scripts) {
    std::string digest;
    for (std::size_t i = 0; i < script.sha256.size(); i += 2)
      digest += static_cast<char>(std::stoi(std::string(script.sha256.substr(i, 2)), nullptr, 16));
    allowed += fmt::format(" 'sha256-{}'", base64(digest));
  }
  return fmt::format("default-src 'none'; script-src{}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'",
                     allowed);
}

std::string fill(std::string_view page, const std::vector<std::pair<std::string_view, std::string_view>>& parts) {
  std::string text;
  std::size_t filled = 0;
  for (;;) {
    const std::size_t open = page.find("{{"), close = page.find("}}", open);
    text += page.substr(0, open);
    if (close == page.npos) break;
    const std::string_view name = page.substr(open + 2, close - open - 2);
    const auto part = std::ranges::find(parts, name, &std::pair<std::string_view, std::string_view>::first);
    if (part == parts.end()) throw std::logic_error(fmt::format("a page has a place for '{}', for which there is nothing", name));
    text += part->second;
    ++filled;
    page.remove_prefix(close + 2);
  }
  if (filled != parts.size()) throw std::logic_error(fmt::format("a page has {} places for {} parts", filled, parts.size()));
  return text;
}

std::string escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  return html;
}

std::string script_data(std::string json) {
  for (std::size_t at = 0; (at = json.find('<', at)) != json.npos; at += 6) json.replace(at, 1, "\\u003c");
  return json;
}

std::string base64(std::string_view bytes) {
  constexpr const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto byte = [&](std::size_t i) { return at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0u; };
    const unsigned word = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (std::size_t i = 0; i < 4; ++i) text += at + i <= bytes.size() ? kDigits[word >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

}  // namespace chokepoint::page
