// Chips that may be sold, with the numbers that export rules look at.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chokepoint {

// What rules set thresholds on; the last one is made of the two before it.
enum class Quantity { kTpp, kDensity, kMemoryBandwidth, kInterconnect, kBandwidthSum };
// Of keys: "tpp" gives tpp_below and tpp_at_least.
inline constexpr std::array kQuantityKeys = {"tpp", "density", "memory_bandwidth", "interconnect", "bandwidth_sum"};

struct Chip {
  std::string name, vendor;
  std::optional<std::chrono::year_month> on_sale;  // the first month; none: never sold
  std::string date_known_to;                       // month, or the quarter or year whose middle stands for it
  double tpp = 0;                                  // total processing performance: 2 x TOPS of multiply-adds x bits, at its largest
  // Of what is not known: nothing. Rules take it to be above every threshold.
  std::optional<double> density;           // TPP per mm2 of logic die
  std::optional<double> memory_bandwidth;  // GB/s
  std::optional<double> interconnect;      // GB/s, both directions, over all links
  double h100e = 0;                        // dense 8-bit operations per second over those of an H100
  std::string source, confidence;

  std::optional<double> value(Quantity quantity) const;
  bool on_sale_in(std::chrono::year_month month) const { return on_sale && *on_sale <= month; }
};

// The rows of a CSV file. Throws UserError with every problem, each as "file:line: what, limit, what to do".
std::vector<Chip> read_chips(const std::string& path);

// The one with the most H100-equivalents, the first of several; nullptr if there is none.
const Chip* best_of(const std::vector<const Chip*>& chips);

}  // namespace chokepoint
