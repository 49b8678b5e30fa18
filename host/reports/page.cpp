// SPDX-License-Identifier: Apache-2.0
#include "page.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

// assets.S
extern "C" {
extern const char chokepoint_page_css[], chokepoint_page_css_end[];
extern const char chokepoint_echarts[], chokepoint_echarts_end[];
extern const char chokepoint_replay_html[], chokepoint_replay_html_end[];
extern const char chokepoint_replay_js[], chokepoint_replay_js_end[];
}

namespace chokepoint::page {

const std::string_view kStyle(chokepoint_page_css, chokepoint_page_css_end);
const std::string_view kCharts(chokepoint_echarts, chokepoint_echarts_end);
const std::string_view kReplay(chokepoint_replay_html, chokepoint_replay_html_end);
const std::string_view kReplayScript(chokepoint_replay_js, chokepoint_replay_js_end);

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
      case '&': html += "&amp;"; break;
      case '<': html += "&lt;"; break;
      case '>': html += "&gt;"; break;
      case '"': html += "&quot;"; break;
      case '\'': html += "&#39;"; break;
      default: html += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  return html;
}

std::string script_data(std::string json) {
  for (std::size_t at = 0; (at = json.find('<', at)) != json.npos; at += 6) json.replace(at, 1, "\\u003c");
  return json;
}

}  // namespace chokepoint::page
