// All ranks as one engine, on rank 0.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "../../kernels/engine.h"
#include "wire.h"

namespace chokepoint {

inline constexpr std::chrono::microseconds kLongestNap{1000};  // between two looks for messages

struct RankInfo {
  std::string node, device;
  std::string gpus;  // their UUIDs, with blanks between
};

// Hands chunks to whoever is free, as share_among() in devices.h does; `own` is the device of rank 0. run() returns ahead of the work, so
// the sample must live until collect(). The other ranks follow (ranks.h), and wait for an order when this engine is gone.
std::unique_ptr<Engine> share_among_ranks(Wire& wire, const Job& job, std::vector<RankInfo> ranks, std::unique_ptr<Engine> own);

}  // namespace chokepoint
