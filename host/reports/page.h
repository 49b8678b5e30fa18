// Self-contained HTML pages: their parts, which outputs/report/ holds and the program embeds, and how texts get into them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chokepoint::page {

extern const std::string_view kStyle;                    // page.css: for every page, light, dark and in print
extern const std::string_view kCharts;                   // Apache ECharts
extern const std::string_view kReport, kReplay, kScore;  // templates: report.html, replay.html, score.html

// A script of outputs/report/ with its SHA-256 in hexadecimal digits.
struct Script {
  std::string_view text, sha256;
};
extern const Script kChartsScript, kFiguresScript, kPlotsScript, kCompareScript, kDriversScript, kExploreScript, kStartScript,
    kReplayScript, kScoreScript;

// What a page may load and run: these scripts and its own style, and nothing else, whatever gets into it.
std::string content_policy(const std::vector<Script>& scripts);

// The template with each {{name}} replaced by its part, which is HTML, CSS or a script already. Throws std::logic_error if a
// name has no part or a part no place.
std::string fill(std::string_view page, const std::vector<std::pair<std::string_view, std::string_view>>& parts);

// Text as the content of an element or of an attribute in double quotes: nothing in it is markup. Control characters become '?'.
std::string escaped(std::string_view text);

// JSON that can stand in a <script> element: no text in it ends the element or starts a comment.
std::string script_data(std::string json);

std::string base64(std::string_view bytes);

}  // namespace chokepoint::page
