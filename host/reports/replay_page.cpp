// The page of a replayed trajectory: outputs/report/replay.html and replay.js with its numbers.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "page.h"
#include "replay_report.h"

namespace chokepoint {

std::string replay_page(const Replay& replay, const std::vector<int>& shown) {
  const std::string source =
      fmt::format("From {}{}, seeds {} and {}{}{}.", fmt::join(replay.files, ", "),
                  replay.result_hash.empty() ? "" : " with the result_hash " + replay.result_hash, replay.scenario.seed_worlds,
                  replay.scenario.seed_chance, replay.check.empty() ? "" : "; checked: ", replay.check);
  return page::fill(page::kReplay, {{"policy", page::content_policy({page::kChartsScript, page::kReplayScript})},
                                    {"title", page::escaped(replay.title())},
                                    {"heading", page::escaped(replay.title())},
                                    {"style", page::kStyle},
                                    {"command", page::escaped(replay_command(replay))},
                                    {"source", page::escaped(source)},
                                    {"charts", page::kCharts},
                                    {"data", page::script_data(replay_json(replay, shown))},
                                    {"script", page::kReplayScript.text}});
}

}  // namespace chokepoint
