// SPDX-License-Identifier: Apache-2.0
#include "draws.h"

#include <numeric>
#include <set>

namespace chokepoint {

namespace {

// Chunks this far apart are run as one: what lies between them costs less than a call.
constexpr std::uint64_t kNear = 16;

}  // namespace

// Floyd's algorithm (Bentley, Programming Pearls: A sample of brilliance, Communications of the ACM 30, 1987).
std::vector<std::uint64_t> draw_numbers(std::mt19937_64& random, std::uint64_t count, std::uint64_t of) {
  if (count >= of) {
    std::vector<std::uint64_t> all(of);
    std::iota(all.begin(), all.end(), std::uint64_t{0});
    return all;
  }
  std::set<std::uint64_t> drawn;
  for (std::uint64_t last = of - count; last < of; ++last)
    if (!drawn.insert(random() % (last + 1)).second) drawn.insert(last);
  return {drawn.begin(), drawn.end()};
}

std::vector<Chunk> chunks_around(const std::vector<std::uint64_t>& numbers, std::uint64_t replicates, std::uint64_t most) {
  std::vector<Chunk> chunks;
  for (const std::uint64_t number : numbers) {
    const std::uint64_t first = number / replicates * replicates, end = first + replicates;
    if (!chunks.empty() && end - chunks.back().first <= most && first <= chunks.back().first + chunks.back().count + kNear)
      chunks.back().count = end - chunks.back().first;
    else
      chunks.push_back({first, replicates});
  }
  return chunks;
}

}  // namespace chokepoint
