// Which trajectories are looked at.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "../run/work_pool.h"

namespace chokepoint {

// `count` different numbers below `of`, in ascending order; all of them if there are no more.
std::vector<std::uint64_t> draw_numbers(std::mt19937_64& random, std::uint64_t count, std::uint64_t of);

// The numbers in ascending order in chunks of whole worlds, at most `most` long, that leave little out between them.
std::vector<Chunk> chunks_around(const std::vector<std::uint64_t>& numbers, std::uint64_t replicates, std::uint64_t most);

}  // namespace chokepoint
