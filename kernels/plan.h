// What a back end needs to run one batch of policies: plain numbers of fixed size, made by the host,
// copied as they are into constant memory on a GPU.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "rows.h"

namespace chokepoint {

inline constexpr int kMaxParameters = 128;
inline constexpr int kMaxDistributions = 192;  // parameters and the components of their mixtures
inline constexpr int kMaxCorrelated = 16;
inline constexpr int kMaxLevers = 24;
inline constexpr int kMaxMetrics = 32;
inline constexpr int kMaxEvents = 16;
inline constexpr int kMaxBatch = 16;           // policies evaluated together
inline constexpr int kMaxSegments = 160;       // lever changes by date, over the policies of a batch
inline constexpr int kMaxTriggers = 8;         // of one policy
inline constexpr int kMaxBatchTriggers = 32;
inline constexpr int kMaxJoint = 8;

// Slots of a histogram: below the metric's range, bins equally wide in t(x) (rows.h), above, not finite.
inline constexpr int kBins = 2000;
inline constexpr int kBelow = 0, kAbove = kBins + 1;
inline constexpr int kNonFinite = kBins + 2;
inline constexpr int kSlots = kBins + 3;

// Joint histograms use every 40th edge: 50 x 50 bins and what lies outside.
inline constexpr int kJointStride = 40;
inline constexpr int kJointSide = kBins / kJointStride + 2;

// Slots of a difference between two policies: by sign, then by power of two and parts of it, as in an HDR
// histogram. No difference at all has a slot of its own, because many policies often act alike.
inline constexpr int kOctaves = 28, kOctaveParts = 16;
inline constexpr int kDifferenceSide = kOctaves * kOctaveParts + 2;  // of one sign: too small, parts of octaves, too large
inline constexpr int kNoDifference = kDifferenceSide;
inline constexpr int kDifferenceNonFinite = 2 * kDifferenceSide + 1;
inline constexpr int kDifferenceSlots = 2 * kDifferenceSide + 2;
// A regret is never negative.
inline constexpr int kRegretSlots = kDifferenceSlots - kNoDifference;

// Ranks are counted in these parts, so that policies that are equally good share theirs: up to 16 of them exactly.
inline constexpr int kRankParts = 720720;

// A parameter's own uniform is cut into bins of equal probability.
inline constexpr int kDriverBins = 32;
inline constexpr int kMaxTimes = 32;       // at which it is asked what drives the outcome
inline constexpr int kMaxThresholds = 32;  // for satisficing
inline constexpr int kMaxReplicates = 512; // a block of trajectories holds whole worlds
inline constexpr float kDriverUnitLimit = 4398046511104.0f;  // 2^42: 2^11 of them add up exactly in double

enum class Law : std::int32_t { kConstant, kNormal, kLognormal, kUniform, kTriangular, kChoice, kTable, kNormalTable, kMixture };

// A distribution by its quantile function.
//   kConstant a; kNormal mean a, sd b; kLognormal mean_log a, sd_log b; kUniform a + b * u;
//   kTriangular low a, mode b, high c; kChoice and kTable: `count` pairs (cumulative probability,
//   value) at `first`; kNormalTable: `count` values at normal quantiles equally spaced over [a, b];
//   kMixture: components first .. first + count - 1, whose `weight` is cumulative.
struct Distribution {
  Law law;
  float a, b, c;
  std::int32_t first, count;
  float from, span;        // truncation: u is mapped to from + span * u
  float low, high;         // valid range
  float weight;            // of a mixture's component, cumulative
  std::uint32_t address;   // block of the draw: a hash of the parameter's name
  std::int32_t correlated; // row of the correlation factor, or -1
};

// The levers of a policy from a step on.
struct Segment {
  std::int32_t from_step;
  float levers[kMaxLevers];
};

enum class Comparison : std::int32_t { kLess, kLessEqual, kGreater, kGreaterEqual };

struct Condition {
  std::int32_t metric;
  Comparison comparison;
  float threshold;
  std::int32_t months;  // for how long it must have held
};

struct Trigger {
  Condition when, release;
  std::int32_t releases;     // 0: once fired it stays
  std::uint32_t sets;        // bit i: lever i takes values[i] while the trigger is active
  float values[kMaxLevers];
};

struct Policy {
  std::int32_t first_segment, segments;
  std::int32_t first_trigger, triggers;
};

// How one metric is tallied; from its row.
struct Binning {
  Scale scale;
  float inverse_knee;
  float low, inverse_width;  // in t(x), see Scale
  float inverse_unit;        // of the fixed-point sums
};

struct JointPair {
  std::int32_t first, second;
};

inline constexpr std::int32_t kNothing = -1, kEverything = -2;

struct KernelPlan {
  std::uint64_t seed_worlds, seed_chance;
  std::uint64_t replicates;
  std::uint64_t keep;            // trajectories below this number are stored whole
  std::int32_t steps, record_every, records;
  std::int32_t start_month;      // 0 = January
  std::int32_t parameters, metrics, events;
  std::int32_t policies, first_policy;  // this batch, and its place among all policies
  std::int32_t joints;
  std::int32_t correlated;
  std::int32_t resampled;        // the parameter that is drawn afresh; kNothing, kEverything
  JointPair joint[kMaxJoint];
  Binning binning[kMaxMetrics];
  Policy policy[kMaxBatch];
  Segment segment[kMaxSegments];
  Trigger trigger[kMaxBatchTriggers];
  Distribution distribution[kMaxDistributions];
  std::int32_t correlated_parameter[kMaxCorrelated];
  float correlation_factor[kMaxCorrelated * (kMaxCorrelated + 1) / 2];  // lower triangle, by rows
  const float* knots;            // of tables; not in constant memory, lanes read different places
};
static_assert(sizeof(KernelPlan) < 48 * 1024, "the plan must fit constant memory");

// Satisficing: a bound on a metric at the end, or whether an event happens.
struct Threshold {
  std::int32_t metric, event;  // the other one is -1
  Comparison comparison;       // of a metric
  float value;                 // of a metric
  std::int32_t happens;        // of an event: 1 if it must, 0 if it must not
};

// What is tallied across policies and parameters, of all batches together.
struct AnalysisPlan {
  std::int32_t policies, metrics, records, events, steps, replicates;
  std::int32_t reference;                     // policy
  std::int32_t decisions, times, drivers, thresholds;
  Binning binning[kMaxMetrics];
  std::uint32_t least_difference[kMaxMetrics];  // word of the float from which on differences are binned
  std::int32_t decided[kMaxMetrics];          // metric of each decision: those that have a direction
  std::int32_t higher[kMaxMetrics];           // of each decision: 1 if more is better
  std::int32_t time[kMaxTimes];               // record of each time; the last is the last record
  std::int32_t driver[kMaxParameters];        // parameter of each driver: those that vary
  Threshold threshold[kMaxThresholds];
};

// FNV-1a of a parameter's name, cut to the width of a block number: the address of its draw.
constexpr std::uint32_t draw_address(const char* key) {
  std::uint32_t hash = 2166136261u;
  for (; *key; ++key) hash = (hash ^ static_cast<unsigned char>(*key)) * 16777619u;
  return (hash ^ hash >> 22) & 0x3fffffu;
}

}  // namespace chokepoint
