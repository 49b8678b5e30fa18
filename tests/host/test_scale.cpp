// Forecasts of runs on many devices, worked by hand.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "../../host/run/scale.h"

namespace chokepoint {
namespace {

TEST(Scale, ReductionsGoUpATree) {
  EXPECT_EQ(reduction_steps(1), 0);
  EXPECT_EQ(reduction_steps(2), 1);
  EXPECT_EQ(reduction_steps(8), 3);
  EXPECT_EQ(reduction_steps(9), 4);
  EXPECT_EQ(reduction_steps(1000), 10);
}

TEST(Scale, ARunOnAThousandDevices) {
  // 10^12 trajectories at 1000 x 10^6 a second and 98 %: 1020.41 s, three checkpoints. A pause: ten
  // steps of 0.4 s, 4 s to pack the tallies, 0.3 s for the file.
  const ScaleForecast f = forecast_scale({1000, 1e6, 300}, {1e12, 4e8, 6e7, 2});
  EXPECT_EQ(f.checkpoints, 3);
  EXPECT_NEAR(f.pause, 8.3, 1e-9);
  EXPECT_NEAR(f.seconds, 20 + 1020.40816 + 4 * 8.3 + 2, 1e-4);
  EXPECT_NEAR(f.device_hours, 1000 * 1075.60816 / 3600, 1e-4);
  EXPECT_EQ(f.network_bytes, 4 * 999 * 4e8);
}

TEST(Scale, OneDeviceSharesWithNobodyAndSendsNothing) {
  const ScaleForecast f = forecast_scale({1, 1e6, 0}, {1e9, 4e8, 6e7, 2});
  EXPECT_EQ(f.checkpoints, 0);
  EXPECT_NEAR(f.seconds, 20 + 1000 + 4.3 + 2, 1e-9);
  EXPECT_EQ(f.network_bytes, 0);
}

TEST(Scale, TwiceTheCheckpointsTwiceTheTraffic) {
  const Task task{1e12, 4e8, 6e7, 2};
  const ScaleForecast seldom = forecast_scale({10, 1e6, 1000}, task), often = forecast_scale({10, 1e6, 500}, task);
  // 102,040.8 s of work.
  EXPECT_EQ(seldom.checkpoints, 102);
  EXPECT_EQ(often.checkpoints, 204);
  EXPECT_EQ(often.network_bytes - seldom.network_bytes, 102 * 9 * 4e8);
}

TEST(Scale, BytesOfTallies) {
  Shape s{};
  s.policies = 2, s.metrics = 3, s.records = 5, s.steps = 7, s.parameters = 4, s.joints = 1;
  s.events = 2, s.decisions = 2, s.times = 1, s.drivers = 3, s.thresholds = 1, s.replicates = 1;
  const std::size_t numbers = 30 * (kSlots + kDifferenceSlots) + 2 * 2 * 8 + 2 * 5 * kJointSide * kJointSide + 4 + 2 + 4 * kRegretSlots +
                              4 * 2 + 2 * 2 + 3 * kDriverBins;
  const std::size_t wide = 2 * 1 + 6 * 3 * kDriverBins, sums = 30 + 30 + 4;
  EXPECT_EQ(tally_bytes(Tallies(s)), 8 * numbers + 16 * wide + sizeof(CellSums) * sums);
}

}  // namespace
}  // namespace chokepoint
