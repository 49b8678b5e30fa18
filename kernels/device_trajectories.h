// The first step of the GPU back end: a team of warps runs 32 trajectories, a lane each, under as many policies
// as it has warps, so that a warp's levers are uniform. World and months are made once for the whole team, each
// warp doing its part, and kept on chip; a trajectory's state under a policy stays in registers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "device_tile.h"
#include "trajectory.h"

namespace chokepoint {

// Shared memory of a team: a world for each lane, then as many months as the team has warps. Odd strides let
// the lanes of a warp read from different banks.
template <class Model>
struct TeamMemory {
  using Real = Pack<1>;
  using World = typename Model::template World<Real>;
  using Month = typename Model::template Month<Real>;
  static constexpr int kWorld = sizeof(World) / sizeof(float) | 1, kMonth = sizeof(Month) / sizeof(float) | 1;

  static constexpr std::size_t bytes(int warps) { return std::size_t(kWarp) * (kWorld + warps * kMonth) * sizeof(float); }
  static CHOKEPOINT_HD World& world(float* memory, int lane) { return *reinterpret_cast<World*>(memory + lane * kWorld); }
  static CHOKEPOINT_HD Month& month(float* memory, int lane, int which) {
    return *reinterpret_cast<Month*>(memory + kWarp * kWorld + (which * kWarp + lane) * kMonth);
  }
};

template <class Model>
struct TileRecorder {
  using Real = Pack<1>;
  const KernelPlan& plan;
  const Tile& tile;
  std::int32_t place;  // of the trajectory in the tile

  CHOKEPOINT_HD void record(int p, int record, const Real* metrics) {
    const std::size_t recorded = static_cast<std::size_t>(plan.first_policy + p) * plan.records + record;
    float* row = tile.values + recorded * Model::kMetrics * tile.stride + place;
    CHOKEPOINT_UNROLL(32)
    for (int m = 0; m < Model::kMetrics; ++m, row += tile.stride) *row = metrics[m].v;
  }
  CHOKEPOINT_HD void finish(int p, const Real* events, const TriggerState<Real>* triggers, int trigger_count) {
    std::uint16_t* row = tile.events + static_cast<std::size_t>((plan.first_policy + p) * plan.events) * tile.stride + place;
    CHOKEPOINT_UNROLL(16)
    for (int e = 0; e < Model::kEvents; ++e, row += tile.stride) *row = static_cast<std::uint16_t>(events[e].v);
    for (int k = Model::kEvents; k < plan.events; ++k, row += tile.stride)
      *row = k - Model::kEvents < trigger_count ? static_cast<std::uint16_t>(triggers[k - Model::kEvents].fired.v)
                                                : static_cast<std::uint16_t>(plan.steps);
  }
};

// The world of each lane, its parameters dealt out to the warps. Each is counted, binned and kept by the first team of
// the first batch only.
template <class Model, class Team>
CHOKEPOINT_HD void make_worlds(const Team& team, const KernelPlan& plan, const Tile& tile, const DeviceTallies& out, int place, bool first,
                               typename TeamMemory<Model>::World& world) {
  const std::uint64_t trajectory = tile.first + place, number = trajectory / plan.replicates;
  const int warp = team.warp(), warps = team.threads() / kWarp;
  const bool counts = first && place < tile.count;
  sample_parameters(
      plan, Index<1>{Bits<1>(static_cast<std::uint32_t>(number)), Bits<1>(static_cast<std::uint32_t>(number >> 32))},
      parameters_of<Model, Pack<1>>(world),
      [&](int i, Mask<1> mask, Bits<1> bin) {
        if (counts && mask.v && out.clamped) team.add(out.clamped + i, 1ull);
        if (first) tile.bins[static_cast<std::size_t>(i) * tile.stride + place] = static_cast<std::uint8_t>(bin.v);
      },
      warp, warps);
  team.sync();
  if (counts && trajectory < plan.keep)
    for (int i = warp; i < Model::kParameters; i += warps)
      tile.parameters[static_cast<std::size_t>(i) * tile.stride + place] = parameters_of<Model, Pack<1>>(world)[i].v;
  if (warp == 0) Model::complete_world(world);
  team.sync();
}

// All trajectories of a tile under all policies of the batch. Where the batch has more policies than the team has
// warps, several teams run the same trajectories, each under its share of them. Lanes beyond the tile's end go along;
// nobody reads what they leave.
template <class Model, class Team>
CHOKEPOINT_HD void run_tile(const Team& team, const KernelPlan& plan, const Tile& tile, const DeviceTallies& out, float* memory) {
  using Real = Pack<1>;
  using Memory = TeamMemory<Model>;
  const int lane = team.thread() % kWarp, warp = team.warp(), warps = team.threads() / kWarp;
  const int shares = (plan.policies + warps - 1) / warps;
  const int jobs = (tile.count + kWarp - 1) / kWarp * shares;
  auto& world = Memory::world(memory, lane);
  for (int job = team.block(); job < jobs; job += team.blocks()) {
    const int place = job / shares * kWarp + lane, share = job % shares;
    const int p = share * plan.policies / shares + warp;
    const bool runs = p < (share + 1) * plan.policies / shares;  // a warp too many only helps with the draws
    make_worlds<Model>(team, plan, tile, out, place, plan.first_policy == 0 && share == 0, world);

    const std::uint64_t number = tile.first + place;
    const Index<1> trajectory = {Bits<1>(static_cast<std::uint32_t>(number)), Bits<1>(static_cast<std::uint32_t>(number >> 32))};
    TileRecorder<Model> recorder{plan, tile, place};
    PolicyState<Model, Real> state;
    TriggerStates<Real> triggers;
    start_policy<Model, Real>(plan, world, runs ? p : 0, state, triggers);
    for (int begin = 0; begin < plan.steps; begin += warps) {
      if (begin + warp < plan.steps)
        Memory::month(memory, lane, warp) = Model::draw_month(world, plan.seed_chance, trajectory, begin + warp, plan.start_month);
      team.sync();
      const int end = begin + warps < plan.steps ? begin + warps : plan.steps;
      for (int step = begin; runs && step < end; ++step) {
        team.reread();
        advance<Model, Real>(plan, world, Memory::month(memory, lane, step - begin), p, step, state, triggers, recorder);
      }
      team.sync();  // before the months, or the world, are overwritten
    }
    if (runs) recorder.finish(p, state.events.first, triggers.of, plan.policy[p].triggers);
  }
}

}  // namespace chokepoint
